import { execa } from 'execa';
import { kubectl } from '../common/command-line.ts';
import type { ClusterReader } from '../kube/api-types.ts';
import { PODS } from '../kube/well-known.ts';
import { MOVER_SELECTOR, releaseOf, releaseSelector } from '../pipeline/mover-labels.ts';
import { scrub } from './copy-diagnosis.ts';
import type { Mover } from './find-mover.ts';
import { versionText } from './mover-dialects.ts';
import { parseRecord } from './mover-output.ts';
import type { ClaimEnd, ClaimPair, Clock } from './mover-types.ts';
import { claimsOfPod } from './pair-pvcs.ts';
import { cleanupArgs, type SideFiles } from './pv-migrate-args.ts';

/** Whether anything was left on a side; `manual` holds what the operator must do. */
export type Leftovers =
  | { readonly state: 'none' | 'removed' }
  | { readonly state: 'failed' | 'manual'; readonly reason: string };

// The mover gives each Helm release one minute, and there are at most a few of them.
const CLEANUP_TIMEOUT_MS = 5 * 60_000;

/**
 * Removes what a copy with this id left in both clusters, also while its Job still runs. Safe to call when there is
 * nothing. Versions before 3.2 have neither ids of ours nor a cleanup command: for them the answer says by hand how.
 */
export const cleanupLeftovers = async (
  mover: Mover,
  id: string,
  sides: readonly { readonly files: SideFiles; readonly namespace: string }[],
): Promise<Leftovers> => {
  if (!mover.dialect.has('cleanupCommand')) {
    const commands = sides.map(
      ({ files, namespace }) =>
        `helm --kube-context ${files.context} --namespace ${namespace} list --filter '^pv-migrate-'`,
    );
    return {
      state: 'manual',
      reason: `pv-migrate ${versionText(mover.dialect.version)} has no cleanup command; look for its releases with ${commands.join(' and ')} and uninstall them`,
    };
  }
  let isAnyRemoved = false;
  for (const { files, namespace } of sides) {
    const result = await execa(mover.path, cleanupArgs(id, files, namespace), {
      env: mover.env,
      extendEnv: false,
      detached: true,
      reject: false,
      stdin: 'ignore',
      timeout: CLEANUP_TIMEOUT_MS,
    });
    const said = `${result.stdout}\n${result.stderr}`;
    if (!result.failed) isAnyRemoved = true;
    else if (!/no releases found/.test(said)) {
      return {
        state: 'failed',
        reason: `pv-migrate cleanup ${id} in context ${files.context}, namespace ${namespace}, failed: ${lastWords(said) ?? result.shortMessage}`,
      };
    }
  }
  return { state: isAnyRemoved ? 'removed' : 'none' };
};

const POLL_MS = 1000;

/** A pod of the mover that uses a claim. */
export interface MoverPod {
  readonly name: string;
  readonly namespace: string;
  readonly context: string;
  /** What removes whatever keeps it there, ready to be typed. */
  readonly command: string;
}

/**
 * Waits until no pod of the mover uses a claim of the pair any more, whichever copy it is of: after a copy they linger
 * for their grace period, and the next one would be refused because the claim is mounted. `onWait` is called once with
 * the pods when there is something to wait for. Returns those that are left after `timeoutMs`. Throws KubeApiError.
 */
export const waitForMoverPods = async (
  readers: { readonly source: ClusterReader; readonly dest: ClusterReader },
  pair: ClaimPair,
  options: {
    readonly timeoutMs: number;
    readonly clock: Clock;
    readonly signal?: AbortSignal | undefined;
    readonly onWait?: (pods: readonly MoverPod[]) => void;
  },
): Promise<readonly MoverPod[]> => {
  const { clock, signal } = options;
  const until = clock.now() + options.timeoutMs;
  let isTold = false;
  for (;;) {
    const left = [
      ...(await usersOf(readers.source, pair.source, signal)),
      ...(await usersOf(readers.dest, pair.dest, signal)),
    ];
    if (left.length === 0 || clock.now() >= until || signal?.aborted === true) return left;
    if (!isTold) options.onWait?.(left);
    isTold = true;
    await clock.sleep(POLL_MS, signal);
  }
};

const usersOf = async (
  reader: ClusterReader,
  { namespace, claim }: ClaimEnd,
  signal: AbortSignal | undefined,
): Promise<MoverPod[]> => {
  const pods = await reader.list(PODS, namespace, { labelSelector: MOVER_SELECTOR, signal });
  return pods
    .filter((pod) => claimsOfPod(pod).includes(claim))
    .map((pod) => {
      const { name } = pod.metadata;
      const release = releaseOf(pod);
      const what =
        release === undefined ? ['pod', name] : ['jobs,deployments', '-l', releaseSelector(release)];
      const command = kubectl({ cluster: reader, namespace }, 'delete', ...what);
      return { name, namespace, context: reader.context, command };
    });
};

const lastWords = (said: string): string | undefined => {
  const errors = said.split('\n').flatMap((line) => {
    const event = parseRecord(line);
    if (event?.type === 'failed') return [event.error];
    if (event?.type === 'log' && event.level === 'error') return [event.message];
    return event?.type === 'noise' && event.text.startsWith('Error:') ? [event.text] : [];
  });
  const last = errors.at(-1);
  return last === undefined ? undefined : scrub(last);
};
