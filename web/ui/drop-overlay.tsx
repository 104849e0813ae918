/** The whole window takes a dropped file; while one is held over it, an overlay says what dropping will do. */

import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Actions } from '../state/actions.ts';
import { createRoom, within } from '../state/room.ts';
import { Icon } from './icon.tsx';

/** Why a drop is not a file to open. */
export interface Refused {
  what: 'folder' | 'several' | 'link' | 'text' | 'nothing';
  files: number;
}

/** What was dropped: one file to open, or why it can't be opened. */
export type Dropped = { file: File } | Refused;

/** The part of a DataTransfer that is looked at. */
export interface DroppedData {
  files: ArrayLike<File>;
  items: ArrayLike<
    Pick<DataTransferItem, 'kind' | 'type'> & Partial<Pick<DataTransferItem, 'webkitGetAsEntry'>>
  >;
}

export function readDrop(data: DroppedData | null): Dropped {
  const { length: files, 0: file } = Array.from(data?.files ?? []);
  const items = Array.from(data?.items ?? []);
  const refused = (what: Refused['what']): Refused => ({ what, files });
  if (items.some((item) => item.kind === 'file' && item.webkitGetAsEntry?.()?.isDirectory)) {
    return refused('folder');
  }
  if (files > 1) return refused('several');
  if (file) return { file };
  if (items.some(({ type }) => type === 'text/uri-list')) return refused('link');
  return refused(items.length > 0 ? 'text' : 'nothing');
}

const words = createRoom(() => import('./drop-words.ts'));

export function DropOverlay({ actions }: { actions: Actions }): JSX.Element | null {
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  useEffect(() => {
    const abort = new AbortController();
    const { signal } = abort;
    const end = (): void => {
      depth.current = 0;
      setOver(false);
    };
    window.addEventListener(
      'dragenter',
      (event) => {
        event.preventDefault();
        depth.current++;
        setOver(true);
      },
      { signal },
    );
    window.addEventListener(
      'dragover',
      (event) => {
        event.preventDefault();
        if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
      },
      { signal },
    );
    window.addEventListener(
      'dragleave',
      () => {
        depth.current--;
        if (depth.current <= 0) end();
      },
      { signal },
    );
    window.addEventListener(
      'drop',
      (event) => {
        event.preventDefault();
        end();
        const dropped = readDrop(event.dataTransfer);
        if ('file' in dropped) void actions.open(dropped.file);
        else
          void Promise.resolve(within(words, ({ dropWords }) => actions.refuse(dropWords(dropped)))).catch(
            () => undefined,
          );
      },
      { signal },
    );
    window.addEventListener('dragend', end, { signal });
    return () => abort.abort();
  }, [actions]);
  if (!over) return null;
  return (
    <div class="drop-overlay">
      <div class="drop-sheet">
        <Icon name="open" size={32} />
        <strong>Drop to read it here</strong>
        <span>It stays on this machine. What is shown now is replaced once the file has been read.</span>
      </div>
    </div>
  );
}
