import { kubectl, type NamedCluster } from '../common/command-line.ts';
import { clause } from '../common/sentences.ts';
import { isKubeApiError } from '../kube/api-errors.ts';
import type { ClusterReader, Discovery, ResourceType } from '../kube/api-types.ts';
import { preferredTypes } from '../pipeline/choose-types.ts';
import type { Finding } from './findings.ts';
import type { CheckInput, Found, Listed, Lister } from './need-types.ts';

/** A lister over the two clusters of a run. Nothing is read before something asks. */
export const createLister = (
  input: Pick<CheckInput, 'source' | 'dest' | 'sourceDiscovery' | 'destDiscovery' | 'signal'>,
): Lister => {
  const sides = {
    source: sideOf(input.source, input.sourceDiscovery),
    dest: sideOf(input.dest, input.destDiscovery),
  };
  const lists = new Map<string, Promise<Listed | Refusal>>();
  const gets = new Map<string, Promise<Found | Refusal>>();
  const open = new Map<string, OpenQuestion>();

  const settle = async <T extends { readonly state: string }>(
    answer: Promise<T | Refusal>,
    about: Omit<OpenQuestion, 'reason' | 'questions'>,
    question: string,
  ): Promise<T | { readonly state: 'unknown' }> => {
    const result = await answer;
    if (!('reason' in result)) return result;
    const key = [about.cluster.context, about.type, about.namespace ?? ''].join('\n');
    const known = open.get(key);
    // Refusals of single objects name the object and come in any order; the report must not change from run to run.
    const reason = known !== undefined && known.reason < result.reason ? known.reason : result.reason;
    open.set(key, { ...about, reason, questions: (known?.questions ?? new Set<string>()).add(question) });
    return { state: 'unknown' };
  };

  return {
    list: (sideName, type, question) => {
      const side = sides[sideName];
      const answer = once(lists, `${sideName} ${type}`, () => listAll(side, type, input.signal));
      const about = { cluster: side.cluster, type, namespace: undefined };
      return settle<Listed>(answer, about, question);
    },
    get: (sideName, type, namespace, name, question) => {
      const side = sides[sideName];
      const key = `${sideName} ${type} ${namespace ?? ''}/${name}`;
      const answer = once(gets, key, () => getOne(side, type, namespace, name, input.signal));
      const about = { cluster: side.cluster, type, namespace };
      return settle<Found>(answer, about, question);
    },
    findings: () => [...open.values()].map(findingOf),
  };
};

interface Side {
  readonly cluster: ClusterReader;
  readonly types: ReadonlyMap<string, ResourceType>;
  readonly failed: Discovery['failed'];
}

/** Why we may not look. */
interface Refusal {
  readonly state: 'refused';
  readonly reason: string;
}

interface OpenQuestion {
  readonly cluster: NamedCluster;
  readonly type: string;
  readonly namespace: string | undefined;
  readonly reason: string;
  readonly questions: Set<string>;
}

const sideOf = (cluster: ClusterReader, discovery: Discovery): Side => ({
  cluster,
  types: preferredTypes(discovery),
  failed: discovery.failed,
});

const once = <T>(cache: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> => {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const answer = read();
  cache.set(key, answer);
  return answer;
};

const listAll = async (side: Side, name: string, signal: AbortSignal): Promise<Listed | Refusal> => {
  const type = side.types.get(name);
  if (type === undefined) return undiscovered(side, name) ?? { state: 'not-served' };
  try {
    return { state: 'listed', objects: await side.cluster.list(type, undefined, { signal }) };
  } catch (error) {
    return isGone(error) ? { state: 'not-served' } : refusalOf(error);
  }
};

const getOne = async (
  side: Side,
  name: string,
  namespace: string | undefined,
  objectName: string,
  signal: AbortSignal,
): Promise<Found | Refusal> => {
  const type = side.types.get(name);
  if (type === undefined) return undiscovered(side, name) ?? { state: 'absent' };
  try {
    const object = await side.cluster.get({ type, namespace, name: objectName }, { signal });
    return object === undefined ? { state: 'absent' } : { state: 'found', object };
  } catch (error) {
    return isGone(error) ? { state: 'absent' } : refusalOf(error);
  }
};

// A type of a group that could not be discovered may well be served: that is "unknown", not "none".
const undiscovered = (side: Side, name: string): Refusal | undefined => {
  const group = name.includes('.') ? name.slice(name.indexOf('.') + 1) : '';
  const failed = side.failed.find((item) => group !== '' && item.groupVersion.startsWith(`${group}/`));
  return failed && { state: 'refused', reason: `${failed.groupVersion}: ${failed.reason}` };
};

const isGone = (error: unknown): boolean =>
  isKubeApiError(error) && (error.failure.status === 404 || error.failure.status === 405);

// Without an answer, or with credentials that are no longer good, the whole run cannot go on.
const refusalOf = (error: unknown): Refusal => {
  if (!isKubeApiError(error) || error.failure.status === 0 || error.failure.status === 401) throw error;
  return { state: 'refused', reason: error.failure.detail };
};

const findingOf = ({ cluster, type, namespace, reason, questions }: OpenQuestion): Finding => ({
  level: 'info',
  id: 'cannot-check',
  subject: type,
  message:
    `Context ${cluster.context}: ${type} cannot be read (${clause(reason)}), so it is not known ` +
    `${[...questions].sort().join(', and ')}. Try it with: ${
      namespace === undefined
        ? kubectl(cluster, 'get', type, '--all-namespaces')
        : kubectl({ cluster, namespace }, 'get', type)
    }`,
});
