import { hasStatus, isNotFound } from './api-errors.ts';
import { objectPath } from './api-paths.ts';
import type { ClusterReader, KubeObject } from './api-types.ts';
import { discover } from './discovery.ts';
import { countObjects, foldObjects, listObjects } from './list-objects.ts';
import { stringAt } from './raw-json.ts';
import { aKind, anObject, aVersion } from './read-answer.ts';
import { watchObjects } from './watch-objects.ts';
import type { Wire } from './wire.ts';

type Reads = Pick<
  ClusterReader,
  | 'discover'
  | 'version'
  | 'clusterUid'
  | 'list'
  | 'snapshot'
  | 'fold'
  | 'count'
  | 'get'
  | 'can'
  | 'watch'
  | 'logs'
>;

/** The methods of a cluster that read. All of them are counted. */
export const createReads = (wire: Wire): Reads => ({
  discover: (options) => discover({ send: (request) => wire.send('discovery', request) }, options?.signal),
  version: (options) => readVersion(wire, options),
  clusterUid: (options) => readClusterUid(wire, options),
  list: async (type, namespace, options) => (await listObjects(wire, type, namespace, options)).objects,
  snapshot: (type, namespace, options) => listObjects(wire, type, namespace, options),
  fold: async (type, namespace, options, fold) =>
    (await foldObjects(wire, type, namespace, options, fold)).result,
  count: (type, namespace, options) => countObjects(wire, type, namespace, options),
  get: (ref, options) => readObject(wire, ref, options),
  can: (question, options) => askAccess(wire, question, options),
  watch: (type, namespace, options) => watchObjects(wire, type, namespace, options),
  logs: (namespace, pod, options) => readLog(wire, namespace, pod, options),
});

const readVersion = async (
  wire: Wire,
  options: Parameters<Reads['version']>[0],
): ReturnType<Reads['version']> => {
  const answer = await wire.send('gets', {
    method: 'GET',
    path: '/version',
    what: 'reading the version of the server',
    expect: aVersion,
    signal: options?.signal,
  });
  // A provider may write `34+`.
  return `${stringAt(answer.json, 'major')}.${stringAt(answer.json, 'minor')?.replace(/\D+$/, '')}`;
};

const readClusterUid = async (
  wire: Wire,
  options: Parameters<Reads['clusterUid']>[0],
): ReturnType<Reads['clusterUid']> => {
  try {
    const answer = await wire.send('gets', {
      method: 'GET',
      path: '/api/v1/namespaces/kube-system',
      what: 'reading the identity of the cluster (namespace kube-system)',
      expect: anObject('kube-system'),
      signal: options?.signal,
    });
    return (answer.json as KubeObject).metadata.uid;
  } catch (error) {
    if (isNotFound(error) || hasStatus(error, 403)) return undefined;
    throw error;
  }
};

const readObject = async (
  wire: Wire,
  ref: Parameters<Reads['get']>[0],
  options: Parameters<Reads['get']>[1],
): ReturnType<Reads['get']> => {
  try {
    const answer = await wire.send('gets', {
      method: 'GET',
      path: objectPath(ref.type, ref.namespace, ref.name),
      what: `reading ${ref.type.kind} ${ref.name}`,
      expect: anObject(ref.name),
      signal: options?.signal,
    });
    return answer.json as KubeObject;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
};

const askAccess = async (
  wire: Wire,
  { verb, group, resource, subresource, namespace, name }: Parameters<Reads['can']>[0],
  options: Parameters<Reads['can']>[1],
): ReturnType<Reads['can']> => {
  const answer = await wire.send('reviews', {
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    body: JSON.stringify({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb, group, resource, subresource, namespace, name } },
    }),
    what: `asking whether we may ${verb} ${resource}`,
    expect: aKind('SelfSubjectAccessReview'),
    signal: options?.signal,
  });
  const status = (answer.json as { status?: { allowed?: boolean; reason?: string } }).status;
  return { allowed: status?.allowed === true, reason: status?.reason ?? '' };
};

const readLog = async (
  wire: Wire,
  namespace: string,
  pod: string,
  options: Parameters<Reads['logs']>[2],
): ReturnType<Reads['logs']> => {
  const answer = await wire.send('gets', {
    method: 'GET',
    path: `/api/v1/namespaces/${namespace}/pods/${pod}/log`,
    query: { container: options.container, tailLines: options.tailLines },
    accept: '*/*',
    what: `reading the log of Pod ${pod} in namespace ${namespace}`,
    signal: options.signal,
  });
  return answer.text;
};
