/**
 * Says why a figure did not start, where its own script can't: that did not come. A classic script, since browsers
 * fetch those also where a module is refused: in a frame whose sandbox leaves it no origin, from a site that does not
 * let every origin read its files.
 */
(() => {
  const OPAQUE =
    'This figure is in a frame with a sandbox that leaves it no origin, and its site does not send ' +
    'Access-Control-Allow-Origin: its scripts can’t be loaded. Add allow-same-origin to the sandbox of the frame.';
  const BROKEN = 'This figure could not be loaded completely. Reload the page to try again.';

  addEventListener(
    'error',
    ({ target }) => {
      if (!(target instanceof HTMLScriptElement)) return;
      const message = self.origin === 'null' ? OPAQUE : BROKEN;
      const words = document.createElement('p');
      words.setAttribute('role', 'alert');
      words.textContent = message;
      document.body?.replaceChildren(words);
      /* To anyone, as nobody is known: it says nothing else. */
      if (parent !== self) parent.postMessage({ unfold: 1, type: 'broken', message }, '*');
    },
    true,
  );
})();
