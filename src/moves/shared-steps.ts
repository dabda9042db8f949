import { count } from '../common/sentences.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { type EmptyOptions, holdEmpty, seeEmpty } from '../sides/see-empty.ts';
import { listSide, whereIs } from '../sides/side.ts';
import type { BaselineEntry, MoveDeps, MoveOptions, MoveSide } from '../sides/side-types.ts';
import { tidyInherited } from '../sides/start-side.ts';
import { stopSide } from '../sides/stop-side.ts';
import { watchRunning } from '../sides/watched.ts';
import { type HookContext, type HookPoint, runHook, runSmoke, splitUrl } from './run-hooks.ts';
import type { Step } from './run-steps.ts';

/** The step that runs the hook of one point; `id` is the word of its flag. */
export const hookStep = (
  point: HookPoint,
  id: string,
  { hooks }: Pick<MoveOptions, 'hooks'>,
  context: HookContext,
  deps: MoveDeps,
): Step => ({
  id: `hook-${id}`,
  title: `Run the ${id} hook`,
  skip: () => (hooks[point] === undefined ? 'no such hook is given' : undefined),
  // A plan goes into logs of pipelines, and commands hold passwords.
  plan: async () => [`run the command of --${id}`],
  run: () => runHook(hooks, point, context, deps),
});

/** The step that asks whether the side that was started serves. */
export const smokeStep = (
  { smoke }: Pick<MoveOptions, 'smoke'>,
  context: HookContext,
  deps: MoveDeps,
): Step => ({
  id: 'smoke',
  title: 'Run the smoke check',
  skip: () =>
    smoke.url === undefined && smoke.command === undefined ? 'no smoke check is given' : undefined,
  plan: async () => [
    smoke.url === undefined ? 'run the command of --smoke-command' : `call ${splitUrl(smoke.url).shown}`,
  ],
  run: () => runSmoke(smoke, context, deps),
});

/** The step that ends copies of volume data that were cut off; they may still hold the claims of a side. */
export const endCopiesStep = (where: string, run: () => Promise<string>): Step => ({
  id: 'end-copies',
  title: `End interrupted copies of volume data in ${where}`,
  plan: async () => ['delete leftovers of interrupted copies'],
  run,
});

/** The step that sees a side empty of pods, for operations that do not watch it anyway. */
export const emptyStep = (
  id: string,
  side: MoveSide,
  options: EmptyOptions & Pick<MoveOptions, 'holdMs'>,
  deps: MoveDeps,
  skip?: () => string | undefined,
): Step => ({
  id,
  title: `Wait until all pods are gone from ${whereIs(side)}`,
  ...(skip === undefined ? {} : { skip }),
  plan: async () => ['watch pods until none is left'],
  run: async () => {
    const { informer } = await watchRunning(side, deps.signal);
    try {
      await seeEmpty(side, informer, deps, options);
      await holdEmpty(side, informer, options.holdMs, deps, options);
    } finally {
      informer.stop();
    }
    return 'no pods';
  },
});

/** The step that removes what ReplicaSets have inherited of our annotations from their Deployments. */
export const tidyStep = (
  side: MoveSide,
  { concurrency }: Pick<MoveOptions, 'concurrency'>,
  objects: () => Promise<readonly KubeObject[]>,
): Step => ({
  id: 'tidy',
  title: `Clean up dr-syncer annotations on ReplicaSets in ${whereIs(side)}`,
  plan: async () => ['patch ReplicaSets that carry the dr-syncer annotations of their Deployment'],
  run: async () => `${await tidyInherited(side, await objects(), concurrency)} cleaned`,
});

/** The step that stops what runs on a side; `entriesOf` says what that is. */
export const stopSideStep = (
  id: string,
  title: string,
  side: MoveSide,
  options: MoveOptions,
  deps: MoveDeps,
  how: {
    readonly entriesOf: (objects: readonly KubeObject[]) => readonly BaselineEntry[];
    readonly skip?: () => string | undefined;
  },
): Step => ({
  id,
  title,
  ...(how.skip === undefined ? {} : { skip: how.skip }),
  plan: async () =>
    how
      .entriesOf(await listSide(side, deps.signal))
      .map((entry) => `PATCH ${entry.kind} ${entry.name}: stop`),
  run: async () => {
    const objects = await listSide(side, deps.signal);
    return count(await stopSide(side, how.entriesOf(objects), objects, deps, options), 'patch', 'patches');
  },
});
