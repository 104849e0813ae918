/** "Open with Unfold": files that the system hands to the installed page (`file_handlers` of manifest.webmanifest). */

interface LaunchParams {
  readonly files?: readonly { getFile(): Promise<File> }[];
}

interface LaunchQueue {
  setConsumer(consumer: (params: LaunchParams) => void): void;
}

/** What becomes of a file, as of one that is dropped. */
export interface Opening {
  open(file: File): Promise<void>;
  refuse(sentence: string): void;
}

/** Takes what the page was or will be launched with. Without `launchQueue` nothing ever comes. */
export function takeLaunches(page: object, { open, refuse }: Opening): void {
  const { launchQueue } = page as { launchQueue?: LaunchQueue };
  launchQueue?.setConsumer(({ files = [] }) => {
    const [first] = files;
    if (files.length > 1) {
      refuse(`Those are ${files.length} files. Open one at a time: each replaces what is loaded.`);
    } else if (first) {
      first.getFile().then(open, () => refuse('The file can’t be read: it may have been moved or deleted.'));
    }
  });
}
