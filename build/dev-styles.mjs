/**
 * Vite's development server gives styles to the page by scripts, as inline styles, which the page's policy forbids.
 * This plugin allows them while developing, and nothing else; the built site keeps the policy as it is written.
 */
const STRICT = "style-src 'self';";

export function devStyles() {
  return {
    name: 'dev-styles',
    apply: 'serve',
    transformIndexHtml(html) {
      if (!html.includes(STRICT)) {
        throw new Error(
          `web/index.html has no "${STRICT}" in its policy: change build/dev-styles.mjs with it.`,
        );
      }
      return html.replace(STRICT, "style-src 'self' 'unsafe-inline';");
    },
  };
}
