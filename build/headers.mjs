/**
 * Response headers that give a page cross-origin isolation, and with it shared memory and threads.
 * The site works without them (one thread); the development server and `npm start` send them.
 */
export const isolationHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Document-Isolation-Policy': 'isolate-and-require-corp',
  // Everything here is public. Without it no page elsewhere can load embed.js as a module.
  'Access-Control-Allow-Origin': '*',
};

/**
 * For `sw.js`: a service worker takes its policy from the answer that its script came with, and from nothing else. It
 * talks to its own origin alone, with or without this; a host that sends it makes that a rule of the browser.
 */
export const serviceWorkerHeaders = {
  'Content-Security-Policy': "default-src 'none'; script-src 'self'; connect-src 'self'",
};
