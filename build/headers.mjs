/**
 * Response headers that give a page cross-origin isolation, and with it shared memory and threads.
 * The site works without them (one thread); the development server and `npm start` send them.
 */
export const isolationHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Document-Isolation-Policy': 'isolate-and-require-corp',
};
