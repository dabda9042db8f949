import { formatBytes } from '../common/bytes.ts';
import type { ProgressEvent } from './mover-types.ts';

/** Where one claim stands, fit for display: never goes backward. */
export interface ClaimProgress {
  readonly bytes: number;
  /** 0..100; undefined while it cannot be told. */
  readonly percent: number | undefined;
  /** Bytes per second. */
  readonly rate: number | undefined;
  readonly indeterminate: boolean;
}

export const NO_PROGRESS: ClaimProgress = {
  bytes: 0,
  percent: undefined,
  rate: undefined,
  indeterminate: true,
};

/**
 * Adds one record to the state of a claim. rsync begins to count anew when it retries, and the total is an estimate
 * that jitters, so numbers only grow here. A jump from nothing to 100 percent is the end of a re-sync with nothing
 * to copy: its size is the size of the tree, so the bytes sent stay what they were.
 */
export const addProgress = (state: ClaimProgress, event: ProgressEvent): ClaimProgress => {
  const known = event.indeterminate ? filesPercent(event) : event.percent;
  const percent = known === undefined ? state.percent : Math.max(known, state.percent ?? 0);
  return {
    bytes: event.summary ? state.bytes : Math.max(state.bytes, event.bytes ?? 0),
    percent,
    rate: event.rate ?? state.rate,
    indeterminate: percent === undefined,
  };
};

// In a re-sync the count of files left to look at still tells how far it is.
const filesPercent = (event: ProgressEvent): number | undefined => {
  const { files, filesLeft } = event;
  if (files === undefined || filesLeft === undefined || files === 0) return undefined;
  return Math.floor((100 * (files - filesLeft)) / files);
};

/** `data-web 45%, 1.2 GiB, 19.7 MiB/s`; without a percentage while it cannot be told. */
export const formatProgress = (name: string, progress: ClaimProgress): string => {
  const parts = [
    progress.percent === undefined ? undefined : `${progress.percent}%`,
    progress.bytes > 0 ? formatBytes(progress.bytes) : undefined,
    progress.rate === undefined || progress.rate === 0 ? undefined : `${formatBytes(progress.rate)}/s`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? `${name} under way` : `${name} ${parts.join(', ')}`;
};
