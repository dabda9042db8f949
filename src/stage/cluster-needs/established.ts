import { sleep } from '../../common/sleep.ts';
import { hasStatus } from '../../kube/api-errors.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import { typeName } from '../../kube/object-names.ts';
import { objectsAt, stringAt } from '../../kube/raw-json.ts';
import { CRDS } from '../../kube/well-known.ts';
import type { StageDeps } from '../stage-types.ts';

/**
 * Waits until a definition is established and the server says that it serves its type, which takes a moment longer. Throws an
 * Error with a clause when the server does not take the names of the type, or when it takes longer than a minute; what
 * the signal has when it aborts; KubeApiError.
 */
export const whenEstablished = async (
  deps: Pick<StageDeps, 'dest' | 'signal'>,
  definition: KubeObject,
): Promise<void> => {
  const { dest, signal } = deps;
  const { name } = definition.metadata;
  const deadline = performance.now() + ESTABLISH_MS;
  for (let waitMs = 50; ; waitMs = Math.min(1000, waitMs * 2)) {
    const state = stateOf(await readDefinition(deps, name));
    if (typeof state === 'object') throw new Error(`the server does not serve it: ${state.refused}`);
    if (state === 'established') {
      const { types } = await dest.discover({ signal });
      if (types.some((type) => typeName(type) === name)) return;
    }
    if (performance.now() > deadline)
      throw new Error(`it is still not served ${ESTABLISH_MS / 1000} s after its creation`);
    await sleep(waitMs, signal);
  }
};

// Some hundred ms for a server that is not busy.
const ESTABLISH_MS = 60_000;

const readDefinition = async (
  { dest, signal }: Pick<StageDeps, 'dest' | 'signal'>,
  name: string,
): Promise<KubeObject | undefined | 'forbidden'> => {
  try {
    return await dest.get({ type: CRDS, name }, { signal });
  } catch (error) {
    if (hasStatus(error, 403)) return 'forbidden';
    throw error;
  }
};

/** What the conditions of a definition say. Where it may not be read, discovery alone decides. Pure. */
export const stateOf = (
  definition: KubeObject | undefined | 'forbidden',
): 'established' | 'waiting' | { readonly refused: string } => {
  if (definition === 'forbidden') return 'established';
  const conditions = objectsAt(definition, 'status', 'conditions');
  const of = (type: string) => conditions.find((condition) => condition['type'] === type);
  const names = of('NamesAccepted');
  if (names?.['status'] === 'False') return { refused: stringAt(names, 'message') ?? 'its names are taken' };
  return of('Established')?.['status'] === 'True' ? 'established' : 'waiting';
};
