import { hasStatus } from '../../kube/errors.ts';
import { objectsAt, stringAt } from '../../kube/json.ts';
import { objectName } from '../../kube/names.ts';
import type { KubeObject } from '../../kube/types.ts';
import { EVENTS } from '../../kube/well-known.ts';
import { preferredTypes } from '../../pipeline/choose-types.ts';
import { clauseList } from '../../sentences.ts';
import { sleep } from '../../sleep.ts';
import { warningOf } from '../../workloads/warnings.ts';
import { whereIs } from './side.ts';
import type { MoveDeps, MoveSide } from './types.ts';

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
  const had = new Set((await entrances(from, deps)).filter(hasAddress).map(objectName));
  if (had.size === 0) return 'nothing had an address';
  const until = performance.now() + timeoutMs;
  for (;;) {
    const missing = (await entrances(to, deps)).filter(
      (object) => had.has(objectName(object)) && !hasAddress(object),
    );
    if (missing.length === 0) return `${had.size} addresses are there`;
    if (performance.now() >= until) return tellMissing(to, missing, deps);
    await sleep(Math.min(POLL_MS, until - performance.now()), deps.signal);
  }
};

const POLL_MS = 1000;

const tellMissing = async (to: MoveSide, missing: readonly KubeObject[], deps: MoveDeps): Promise<string> => {
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

const entrances = async (side: MoveSide, deps: MoveDeps): Promise<KubeObject[]> => {
  const types = ['services', 'ingresses.networking.k8s.io'].flatMap(
    (name) => preferredTypes(side.discovery).get(name) ?? [],
  );
  return (await Promise.all(types.map((type) => listMay(side, type, deps)))).flat();
};

// Nobody needs these rights for the move itself; without them there is nothing to tell.
const listMay = async (
  side: MoveSide,
  type: Parameters<MoveSide['cluster']['list']>[0],
  deps: MoveDeps,
): Promise<KubeObject[]> => {
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
