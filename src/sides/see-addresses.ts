import { clauseList, count, nameList } from '../common/sentences.ts';
import { hasStatus } from '../kube/api-errors.ts';
import type { KubeObject, ResourceType } from '../kube/api-types.ts';
import { openInformer } from '../kube/informer.ts';
import { objectName } from '../kube/object-names.ts';
import { objectsAt, stringAt } from '../kube/raw-json.ts';
import { EVENTS } from '../kube/well-known.ts';
import { preferredTypes } from '../pipeline/choose-types.ts';
import { warningOf } from '../workloads/warning-events.ts';
import { whereIs } from './side.ts';
import type { MoveDeps, MoveSide } from './side-types.ts';

/**
 * Waits until every Service and Ingress that had an address on the side that was stopped has one on the side that was
 * started, for `timeoutMs` at most. The application is ready by then, so one without an address is no failure: it is
 * told, with the latest event about it. Returns a clause.
 */
export const seeAddresses = async (
  from: MoveSide,
  to: MoveSide,
  timeoutMs: number,
  deps: MoveDeps,
): Promise<string> => {
  const objects = (await entrances(from, deps)).flatMap((entrance) => entrance.objects);
  const had = new Set(objects.filter(hasAddress).map(objectName));
  if (had.size === 0) return 'none needed';
  const isMissing = (object: KubeObject): boolean => had.has(objectName(object)) && !hasAddress(object);
  const seen = `${count(had.size, 'address', 'addresses')} assigned`;
  // Mostly they are there by now, and then nothing needs to be watched.
  const late = (await entrances(to, deps)).filter((entrance) => entrance.objects.some(isMissing));
  if (late.length === 0) return seen;
  const types = late.map(({ type }) => type);
  const informer = await openInformer(to.cluster, types, to.namespace, { signal: deps.signal });
  const until = performance.now() + timeoutMs;
  const names = nameList(late.flatMap(({ objects }) => objects.filter(isMissing).map(objectName)));
  deps.reporter.waiting(`Waiting for the addresses of ${names} in ${whereIs(to)}`);
  try {
    for (;;) {
      const missing = informer.objects().filter(isMissing);
      if (missing.length === 0) return seen;
      const leftMs = until - performance.now();
      if (leftMs <= 0) return await warnMissing(to, missing, deps);
      await informer.changed(leftMs);
    }
  } finally {
    informer.stop();
  }
};

const warnMissing = async (to: MoveSide, missing: readonly KubeObject[], deps: MoveDeps): Promise<string> => {
  const events = await listMay(to, EVENTS, deps);
  const names = missing.map((object) => {
    const cause = warningOf(object, [], events);
    return `${objectName(object)}${cause === undefined ? '' : ` (${cause})`}`;
  });
  deps.reporter.warning(
    `The application is ready, but has no address yet in ${whereIs(to)}: ${clauseList(names)}.`,
  );
  return `ready, but no address yet: ${clauseList(names)}`;
};

interface Entrances {
  readonly type: ResourceType;
  readonly objects: readonly KubeObject[];
}

const entrances = (side: MoveSide, deps: MoveDeps): Promise<Entrances[]> => {
  const types = ['services', 'ingresses.networking.k8s.io'].flatMap(
    (name) => preferredTypes(side.discovery).get(name) ?? [],
  );
  return Promise.all(types.map(async (type) => ({ type, objects: await listMay(side, type, deps) })));
};

// Nobody needs these rights for the move itself; without them there is nothing to tell.
const listMay = async (side: MoveSide, type: ResourceType, deps: MoveDeps): Promise<KubeObject[]> => {
  try {
    return await side.cluster.list(type, side.namespace, { signal: deps.signal });
  } catch (error) {
    if (!hasStatus(error, 403)) throw error;
    return [];
  }
};

const hasAddress = (object: KubeObject): boolean =>
  objectsAt(object, 'status', 'loadBalancer', 'ingress').some(
    (entry) => stringAt(entry, 'ip') !== undefined || stringAt(entry, 'hostname') !== undefined,
  );
