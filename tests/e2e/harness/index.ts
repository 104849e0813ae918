/** Everything an end-to-end test needs. */
export { type LaunchOptions, launch, openSite, type Site, type SiteOptions } from './browser.ts';
export { dataMirror, temporaryFolder } from './files.ts';
