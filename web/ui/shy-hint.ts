/** Says once how a map in another page is moved, when someone tries and moves that page instead. */

const WORDS = {
  wheel: /Mac|iP/.test(globalThis.navigator?.platform ?? '') ? '⌘ + scroll to zoom' : 'Ctrl + scroll to zoom',
  touch: 'Tap the map to move it',
} as const;

/** How long the words stay, ms. */
const STAY = 1800;

export function createShyHint(map: HTMLElement): (by: keyof typeof WORDS) => void {
  const said = new Set<string>();
  return (by) => {
    if (said.has(by)) return;
    said.add(by);
    const words = document.createElement('p');
    words.className = 'map-hint';
    words.setAttribute('aria-hidden', 'true'); // the map's description names the keys
    words.textContent = WORDS[by];
    map.append(words);
    setTimeout(() => words.remove(), STAY);
  };
}
