import { hasStatus, isKubeApiError } from '../../kube/api-errors.ts';
import type { ClusterReader, KubeObject } from '../../kube/api-types.ts';
import { mapBounded } from '../../kube/map-bounded.ts';
import { typeName } from '../../kube/object-names.ts';
import { CRDS } from '../../kube/well-known.ts';
import { isOfType, type TypePair } from '../../pipeline/choose-types.ts';
import type { Collected } from '../collect-objects.ts';
import type { StageDeps, StageOptions } from '../stage-types.ts';
import type { ClusterCopy, ClusterNeed, CopyNames, MadeCopy } from './bring-types.ts';
import { copyDefinition } from './definition-copy.ts';
import { whyNeverBrought } from './need-copies.ts';

/** Definitions that can be brought, and what was listed with the types that they define. */
export interface Definitions {
  /** As collect() has it, with a destination type for each type that is going to be defined there. */
  readonly collected: Collected;
  /** By typeName() of the type that each defines; whether it is needed is for the plan to say. */
  readonly byType: ReadonlyMap<string, ClusterNeed>;
}

/**
 * Finds the definitions of the custom types that are copied and that the destination does not serve. A type whose definition
 * cannot be brought stays unsupported, with the reason. One that the destination has, in whatever state, is left alone.
 * Throws KubeApiError when a cluster does not answer.
 */
export const findDefinitions = async (
  deps: StageDeps,
  options: StageOptions,
  collected: Collected,
  names: CopyNames,
): Promise<Definitions> => {
  const wanted = collected.selected.filter(
    (pair) =>
      pair.dest === undefined && !pair.builtin && collected.source.some((object) => isOfType(object, pair)),
  );
  const looked = await mapBounded(
    wanted,
    options.concurrency,
    async (pair) => ({ pair, found: await lookFor(deps, typeName(pair.source), names) }),
    deps.signal,
  );
  const changed = new Map(looked.map(({ pair, found }) => [pair, supported(pair, found)]));
  const change = (pair: TypePair): TypePair => changed.get(pair) ?? pair;
  return {
    collected: {
      ...collected,
      pairs: collected.pairs.map(change),
      selected: collected.selected.map(change),
    },
    byType: new Map(
      looked.flatMap(({ pair, found }) =>
        'left' in found ? [] : [[typeName(pair.source), needOf(found)] as const],
      ),
    ),
  };
};

const lookFor = async (deps: StageDeps, name: string, names: CopyNames): Promise<ClusterCopy> => {
  const [here, there] = await Promise.all([
    readDefinition(deps.source, name, deps.signal),
    readDefinition(deps.dest, name, deps.signal),
  ]);
  if (here === 'forbidden' || there === 'forbidden')
    return { left: `its definition cannot be read in context ${contextOf(deps, here)}` };
  // An aggregated API, or a definition that is not established, or that serves other versions.
  if (here === undefined || there !== undefined) return { left: '' };
  const never = whyNeverBrought(here);
  return never === undefined ? copyDefinition(here, names) : { left: never };
};

const contextOf = ({ source, dest }: StageDeps, here: unknown): string =>
  here === 'forbidden' ? source.context : dest.context;

const readDefinition = async (
  cluster: ClusterReader,
  name: string,
  signal: AbortSignal,
): Promise<KubeObject | 'forbidden' | undefined> => {
  try {
    return await cluster.get({ type: CRDS, name }, { signal });
  } catch (error) {
    if (isKubeApiError(error) && hasStatus(error, 403)) return 'forbidden';
    throw error;
  }
};

const supported = (pair: TypePair, found: ClusterCopy): TypePair => {
  if (!('left' in found)) return { ...pair, dest: pair.source, unsupported: undefined };
  if (found.left === '') return pair;
  return { ...pair, unsupported: `${pair.unsupported}, and its definition is not copied: ${found.left}` };
};

const needOf = (made: MadeCopy): ClusterNeed => ({ type: CRDS, ...made, answers: [] });
