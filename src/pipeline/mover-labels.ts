import type { KubeObject } from '../kube/api-types.ts';

/** Labels of everything that the chart of pv-migrate makes, its pods included; the only place that spells them. */
export const MOVER_LABELS = { 'app.kubernetes.io/name': 'pv-migrate' } as const;

/** The same as a selector of lists and watches. */
export const MOVER_SELECTOR = 'app.kubernetes.io/name=pv-migrate';

/** Label that names the Helm release that an object belongs to. */
const RELEASE = 'app.kubernetes.io/instance';

/** Whether the chart of pv-migrate made an object. Pure. */
export const isOfMover = ({ metadata: { labels } }: KubeObject): boolean =>
  Object.entries(MOVER_LABELS).every(([key, value]) => labels?.[key] === value);

/** The Helm release that an object belongs to; undefined where none is named. Pure. */
export const releaseOf = ({ metadata: { labels } }: KubeObject): string | undefined => labels?.[RELEASE];

/** What belongs to a Helm release, as a selector. Pure. */
export const releaseSelector = (release: string): string => `${RELEASE}=${release}`;
