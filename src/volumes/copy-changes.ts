import { UsageError } from '../common/errors.ts';
import type { JsonObject } from '../kube/api-types.ts';
import type { DataOptions } from './data-types.ts';
import type { MoverOptions } from './mover-types.ts';
import { DEFAULT_VERIFY_OPTIONS, type VerifyOptions } from './verify-pod.ts';

/** What a run says otherwise of the copy that an unfinished operation was asked for. Absent: as it was. */
export interface CopyChanges {
  readonly mover: Partial<
    Pick<
      MoverOptions,
      'path' | 'extraFlags' | 'strategies' | 'pullSecrets' | 'tolerations' | 'nodeSelector' | 'deadlineMs'
    >
  > & { readonly resources?: JsonObject; readonly images: MoverOptions['images'] };
  readonly verify: Partial<Pick<VerifyOptions, 'sampleFiles' | 'image' | 'runAsUser'>> & {
    /** `none` drops a verification that a run got stuck in; another mode begins one. */
    readonly mode?: 'none' | VerifyOptions['mode'];
  };
}

/** The options of a copy with the changes of this run. Throws UsageError for changes of a verification that is not made. */
export const changedCopy = (stored: DataOptions, { mover, verify }: CopyChanges): DataOptions => ({
  ...stored,
  mover: {
    ...stored.mover,
    ...mover,
    images: {
      rsync: mover.images.rsync ?? stored.mover.images.rsync,
      sshd: mover.images.sshd ?? stored.mover.images.sshd,
    },
  },
  verify: changedVerify(stored, mover, verify),
});

const changedVerify = (
  { verify: known, mover: first }: DataOptions,
  mover: CopyChanges['mover'],
  { mode, ...changes }: CopyChanges['verify'],
): DataOptions['verify'] => {
  if (mode === 'none' || (mode === undefined && known === undefined)) {
    refuseUnverified(changes, mode);
    return undefined;
  }
  const { pullSecrets, tolerations, nodeSelector } = { ...first, ...mover };
  const base = known ?? { ...DEFAULT_VERIFY_OPTIONS, mode: 'size' as const };
  return {
    ...base,
    ...(known === undefined || mover.pullSecrets !== undefined ? { pullSecrets } : {}),
    ...(known === undefined || mover.tolerations !== undefined ? { tolerations } : {}),
    ...(known === undefined || mover.nodeSelector !== undefined ? { nodeSelector } : {}),
    ...(mode === undefined ? {} : { mode }),
    ...changes,
  };
};

// Whoever names the image of a verification believes that there is one.
const refuseUnverified = (
  changes: Omit<CopyChanges['verify'], 'mode'>,
  mode: CopyChanges['verify']['mode'],
): void => {
  const names = Object.keys(changes).map((name) => VERIFY_FLAGS[name as keyof typeof VERIFY_FLAGS]);
  if (names.length === 0) return;
  const why = mode === 'none' ? 'because of --verify none' : 'because the first run did not ask for it';
  throw new UsageError(`${names.join(', ')}: nothing is compared, ${why}.`, {
    hint: 'Add --verify size or --verify checksum, or remove these flags.',
  });
};

const VERIFY_FLAGS = {
  sampleFiles: '--verify-sample',
  image: '--verify-image',
  runAsUser: '--verify-run-as-user',
} as const;
