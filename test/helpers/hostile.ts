import { expect } from 'vitest';
import {
  applyYaml,
  contextOf,
  createNamespace,
  freshNamespace,
  pair,
  patchJson,
  type Side,
  waitUntil,
} from '../cluster/client.ts';
import { type Observer, observe } from './crash/observer.ts';
import { takesAll } from './crash/plan.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { deployment, runs } from './move-app.ts';
import { countsOf, livePods, move, moveTo } from './moves.ts';
import { stageWell } from './stage.ts';
import type { End } from './stage-run.ts';
import { classOf, WRONG_ANSWERS } from './wrong-answers.ts';

/** A staged application of two pods and a ConfigMap `kept`, and a proxy in front of each side that may answer wrongly. */
export interface HostileLane {
  readonly namespace: string;
  readonly proxies: Readonly<Record<Side, FaultProxy>>;
  /** The way through the proxies. */
  readonly ends: Readonly<Record<Side, End>>;
  readonly observer: Observer;
}

/** One kind of request that gets one form of a wrong answer. */
export interface WrongCase {
  readonly side: Side;
  readonly what: string;
  readonly form: string;
}

/** The kinds of requests of a run, by side. */
export type Classes = Readonly<Record<Side, readonly string[]>>;

/** A request that is answered wrongly for ever is tried for half a minute; nobody learns more from the rest of it. */
export const LIMIT = ['--timeout', '6s', '--request-timeout', '2s'];
export const MOVE_LIMIT = [...LIMIT, '--wait-timeout', '5s'];

/** Makes a lane; `stop` ends what it started. */
export const openHostileLane = async (): Promise<HostileLane> => {
  const namespace = freshNamespace('hostile');
  await createNamespace('source', namespace);
  await runs('source', namespace, await applyYaml('source', namespace, `${deployment('web', 2)}${CONFIG}`));
  await stageWell(namespace);
  const proxies = {} as Record<Side, FaultProxy>;
  const ends = {} as Record<Side, End>;
  for (const side of SIDES) {
    const context = contextOf(side);
    proxies[side] = await startFaultProxy({ kubeconfig: pair().kubeconfig, context });
    ends[side] = { kubeconfig: proxies[side].writeKubeconfig(context), context };
  }
  return { namespace, proxies, ends, observer: await observe(namespace) };
};

export const stopLane = async ({ observer, proxies }: HostileLane): Promise<void> => {
  observer.stop();
  await Promise.all(SIDES.map((side) => proxies[side].stop()));
};

/** The kinds of requests that a run makes. */
export const learn = async (lane: HostileLane, run: () => Promise<unknown>): Promise<Classes> => {
  answerRightly(lane);
  await run();
  const found = {} as Record<Side, string[]>;
  for (const side of SIDES)
    found[side] = [
      ...new Set(lane.proxies[side].log().map((request) => classOf(request, lane.namespace))),
    ].sort();
  answerRightly(lane);
  return found;
};

/**
 * The cases for these kinds of requests: each `every`th of them with one of the forms in turn; with everything asked
 * for, each with all of them.
 */
export const wrongCases = (classes: Classes, every: number): WrongCase[] => {
  const forms = Object.keys(WRONG_ANSWERS);
  const all = SIDES.flatMap((side) => classes[side].map((what) => ({ side, what })));
  if (takesAll) return all.flatMap((item) => forms.map((form) => ({ ...item, form })));
  return all
    .map((item, index) => ({ ...item, form: forms[(index * 7) % forms.length] ?? '' }))
    .filter((_item, index) => index % every === 0);
};

/** Answers such requests wrongly from now on. Returns how many came. */
export const answerWrongly = (
  { proxies, namespace }: HostileLane,
  { side, what, form }: WrongCase,
): (() => number) => {
  const action = WRONG_ANSWERS[form];
  if (action === undefined) throw new TypeError(form);
  let met = 0;
  proxies[side].inject({
    match: (request) => classOf(request, namespace) === what && ++met > 0,
    action,
  });
  return () => met;
};

export const answerRightly = ({ proxies }: HostileLane): void => {
  for (const side of SIDES) proxies[side].clear();
};

/** Undoes whatever was left by what the status says, and brings the application home. */
export const goHome = async ({ namespace, observer }: HostileLane): Promise<void> => {
  const { document } = await move('status', namespace);
  const { operation } = document;
  const way = operation?.kind === 'fence' ? 'resume' : 'rollback';
  if (operation !== undefined) await moveTo(0, way, namespace, { args: ['--take-over'] });
  const left = (await move('status', namespace)).document;
  if (left.pendingFence !== undefined) await moveTo(0, 'fence', namespace);
  // Until here both sides may have run: that is what a fence is for.
  observer.forget();
  if ((await countsOf('dest', namespace))['Deployment/web'] === 2) await moveTo(0, 'failback', namespace);
  await scaleSource(namespace, 2);
  expect(await countsOf('source', namespace)).toEqual({ 'Deployment/web': 2 });
  expect(await countsOf('dest', namespace)).toEqual({ 'Deployment/web': 0 });
};

/** Gives the application a count at the source, as a fire or its owner may, and waits for its pods. */
export const scaleSource = async (namespace: string, replicas: number): Promise<void> => {
  await patchJson('source', 'Deployment', 'web', namespace, { spec: { replicas } });
  await waitUntil(`${replicas} pods`, async () => (await livePods('source', namespace)).length === replicas);
};

const SIDES: readonly Side[] = ['source', 'dest'];

const CONFIG = `
---
apiVersion: v1
kind: ConfigMap
metadata: { name: kept }
data: { colour: blue }
`;
