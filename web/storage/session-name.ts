/** How a session file is called; apart from what reads it, which is fetched for the first one. */

const SESSION_ENDING = '.unfold';

export function isSessionName(name: string): boolean {
  return name.toLowerCase().endsWith(SESSION_ENDING);
}
