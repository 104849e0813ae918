/**
 * What the bundler adds to the language: asset imports and build-time constants.
 * Written out here, instead of taken from `vite/client`, because that pulls in the DOM types,
 * which the worker and the shared project must not see.
 */

/** Address of an asset in the built site, relative to the document or script that uses it. */
declare module '*?url' {
  const url: string;
  export default url;
}

/** Address of a module script bundled for use as a worker. */
declare module '*?worker&url' {
  const url: string;
  export default url;
}

/** A file's text, for shaders and for text shipped with the page. */
declare module '*?raw' {
  const text: string;
  export default text;
}

declare module '*.css';

/** Version of the application, from package.json. */
declare const __VERSION__: string;

interface ImportMetaEnv {
  /** `'1'` only in the build made for end-to-end tests: `?fault=` is honoured. Absent from a release. */
  readonly VITE_FAULTS?: string;
  readonly DEV: boolean;
  readonly PROD: boolean;
  readonly BASE_URL: string;
  readonly MODE: string;
}

interface ImportMeta {
  readonly env: ImportMetaEnv;
  readonly url: string;
}
