/** Everything an end-to-end test needs. */
export { type LaunchOptions, launch, openSite, type Site, type SiteOptions } from './browser.ts';
export { built, dataMirror, temporaryFolder } from './files.ts';
export { type Fox, launchFirefox, openFirefox } from './firefox.ts';
