import { kubectl } from '../common/command-line.ts';
import type { JsonObject } from '../kube/api-types.ts';
import type { Informer } from '../kube/informer.ts';
import { objectKey, refKey, typeName } from '../kube/object-names.ts';
import { setAt } from '../kube/raw-json.ts';
import { typeOf } from './side.ts';
import type { MoveDeps, MoveOptions, MoveSide, StartTarget } from './side-types.ts';
import { NotReadyError, waitReady } from './start-side.ts';
import { restingFields } from './wanted-pods.ts';

/**
 * Sees once more that everything that was started is there and ready: between the start and now there may have been
 * hours. What runs with fewer replicas than it was started with is named as a warning. Throws PartialError naming what
 * is not there, and how to start by hand what somebody has stopped since.
 */
export const seeTargets = async (
  side: MoveSide,
  started: readonly StartTarget[],
  informer: Informer,
  options: Pick<MoveOptions, 'waitTimeoutMs'>,
  deps: MoveDeps,
): Promise<void> => {
  // A Job may be over by now; and an autoscaler that was let go decides about its workload, down to none.
  const targets = started
    .filter(({ kind }) => kind !== 'Job')
    .map((target) => (target.autoscaled ? { ...target, wanted: undefined } : target));
  try {
    const fewer = await waitReady(side, targets, informer, deps, {
      waitTimeoutMs: options.waitTimeoutMs,
      watchOther: () => undefined,
    });
    for (const clause of fewer)
      deps.reporter.warning(`Someone has scaled it since it was started: ${clause}.`);
  } catch (error) {
    const command = error instanceof NotReadyError ? wakeCommand(side, targets, informer) : undefined;
    if (command === undefined) throw error;
    throw new NotReadyError((error as NotReadyError).message, {
      hint: `What someone has stopped since the start is not started a second time. To start it: ${command}`,
      cause: error,
    });
  }
};

const wakeCommand = (
  side: MoveSide,
  targets: readonly StartTarget[],
  informer: Informer,
): string | undefined => {
  const live = new Map(informer.objects().map((object) => [objectKey(object), object]));
  for (const target of targets) {
    const object = live.get(refKey(target));
    const resting = object === undefined ? [] : restingFields(object, target.wanted ?? []);
    if (resting.length === 0) continue;
    const patch: JsonObject = {};
    for (const field of resting) setAt(patch, field.path, field.wanted ?? null);
    const resource = `${typeName(typeOf(side, target))}/${target.name}`;
    return kubectl(side, 'patch', resource, '--type=merge', '-p', JSON.stringify(patch));
  }
  return undefined;
};
