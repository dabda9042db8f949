import type { NamedSide } from '../common/command-line.ts';
import { refKey } from '../kube/object-names.ts';
import { survey } from '../sides/baseline.ts';
import { resumeGitops } from '../sides/pause-gitops.ts';
import { servedOlder } from '../sides/serving-start.ts';
import { forgetRevisions, olderTargets, restoreNewer } from '../sides/serving-undo.ts';
import { listSide, whereIs } from '../sides/side.ts';
import type { MoveDeps, MoveSide } from '../sides/side-types.ts';
import { startAgain } from '../sides/start-again.ts';
import { startTargets } from '../sides/start-side.ts';
import { watchStarting } from '../sides/watched.ts';
import { SCHEMA, type StateRecord } from '../state/record-types.ts';
import { openStateStore } from '../state/state-record.ts';
import { timestamp } from '../state/time-text.ts';
import type { OperationInput } from './operation-input.ts';
import type { Step } from './run-steps.ts';

/** Starting the source without its destination, which is lost. */
export interface GiveUpDestInput
  extends Omit<OperationInput, 'kind' | 'dest' | 'source' | 'resume' | 'sourceName' | 'uids'> {
  readonly source: MoveSide;
  readonly sourceUid: string | undefined;
  /** How the command line names the destination, which does not answer. */
  readonly destName: NamedSide;
  /** Why it does not answer. */
  readonly destProblem: string;
  /** `--destination-given-up`. */
  readonly isGivenUp: boolean;
  readonly reason: string;
}

/**
 * The steps that start a source without its destination: first the source's copy of the record says so, then what
 * carries our mark is started. `known` are the workloads of the journal's baseline; empty where there is none.
 */
export const giveUpSteps = (input: GiveUpDestInput, deps: MoveDeps, known: ReadonlySet<string>): Step[] => {
  const { source, options } = input;
  const where = whereIs(source);
  const targetsAmong = (objects: Parameters<typeof startTargets>[1]) =>
    startTargets(source, objects, undefined, { foreign: true }).filter(
      (target) => known.size === 0 || known.has(refKey(target)),
    );
  const targetsRunning = (objects: Parameters<typeof startTargets>[1]) =>
    olderTargets(objects).filter((target) => known.size === 0 || known.has(refKey(target)));
  return [
    {
      id: 'give-up',
      title: 'Record that the destination was declared lost',
      plan: async () => ["write into the source's copy of the record that the destination was declared lost"],
      run: async () => {
        await writeGivenUp(input, 'moving');
        return input.reason;
      },
    },
    {
      id: 'start',
      title: `Start ${where} again with the recorded counts`,
      plan: async () =>
        targetsAmong(await listSide(source, deps.signal)).map(
          (target) => `PATCH ${target.kind} ${target.name}: as recorded`,
        ),
      run: async () => {
        const watched = await watchStarting(source, deps.signal);
        try {
          return await startAgain(watched, targetsAmong, options, deps);
        } finally {
          watched.informer.stop();
        }
      },
    },
    {
      id: 'revisions',
      title: `Restore the newer templates in ${where}`,
      plan: async () =>
        servedOlder(await listSide(source, deps.signal)).map(
          (name) => `PATCH ${name}: restore its newer template`,
        ),
      run: () => restoreNewer(source, targetsRunning, deps),
    },
    {
      id: 'resume-gitops',
      title: 'Resume the GitOps owners',
      skip: () => (options.pauseGitops ? undefined : 'none were paused'),
      run: async () => {
        const { gitops } = survey(source, await listSide(source, deps.signal));
        return resumeGitops(source, gitops, deps);
      },
    },
    {
      id: 'activate',
      title: `Mark ${where} as the live side`,
      plan: async () => ["write the source's copy of the record and raise the epoch"],
      run: async () => {
        const epoch = await writeGivenUp(input, 'active');
        await forgetRevisions(source, targetsRunning, options, deps);
        return `epoch ${epoch}`;
      },
    },
  ];
};

// One epoch ahead of the destination, so that it is found out when it comes back.
const writeGivenUp = async (input: GiveUpDestInput, phase: 'moving' | 'active'): Promise<number> => {
  const { source, destName, operator, reason } = input;
  const since = nowOf(source);
  const store = openStateStore(source.cluster, source.namespace, 'source');
  const { record } = await store.update((current) => {
    const base = current ?? {
      schema: SCHEMA,
      epoch: 0,
      source: {
        context: source.cluster.context,
        namespace: source.namespace,
        ...(input.sourceUid === undefined ? {} : { clusterUid: input.sourceUid }),
      },
      dest: { context: destName.context, namespace: destName.namespace },
    };
    const { operation: _lost, pendingFence: _fence, ...rest } = base as StateRecord;
    const epoch = rest.destGivenUp?.epoch ?? rest.epoch + 1;
    return {
      ...rest,
      epoch,
      phase,
      since,
      by: operator,
      destGivenUp: rest.destGivenUp ?? { since, epoch, reason },
    };
  });
  return record.epoch;
};

const nowOf = ({ cluster }: MoveSide): string => timestamp(cluster.now());
