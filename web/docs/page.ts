/**
 * What makes snippets handy on a page of the documentation: a button that copies each, and the address that this site
 * has in place of the one that stands for it in the text. Without this script the snippets are there to be read.
 */

/** Stands in the snippets for the folder that the site lies in. */
const EXAMPLE = 'https://example.org/unfold/';

const here = new URL('../', location.href);

function copyButton(block: HTMLElement): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.setAttribute('aria-live', 'polite');
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(block.textContent ?? '');
      button.textContent = 'Copied';
    } catch {
      button.textContent = 'Select the text and copy it';
    }
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 2000);
  });
  return button;
}

for (const block of document.querySelectorAll<HTMLElement>('pre[data-snippet]')) {
  const code = block.querySelector('code');
  if (!code) continue;
  if (/^https?:$/.test(here.protocol)) {
    code.textContent = (code.textContent ?? '').replaceAll(EXAMPLE, here.href);
  }
  const frame = document.createElement('div');
  frame.className = 'snippet';
  block.replaceWith(frame);
  frame.append(block, copyButton(code));
}
