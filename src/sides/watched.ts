import { type Informer, openInformer } from '../kube/informer.ts';
import { PODS } from '../kube/well-known.ts';
import type { MoveSide } from './side-types.ts';
import { watchedForStart } from './start-side.ts';

/** One side, and what is seen of it live. */
export interface Watched {
  readonly side: MoveSide;
  readonly informer: Informer;
}

/** Watches what runs pods on a side, and the pods. Close it with `informer.stop()`. Throws KubeApiError. */
export const watchRunning = async (side: MoveSide, signal: AbortSignal): Promise<Watched> => ({
  side,
  informer: await openInformer(side.cluster, [...side.types, PODS], side.namespace, { signal }),
});

/** Watches what a start is judged by: see watchedForStart. Close it with `informer.stop()`. Throws KubeApiError. */
export const watchStarting = async (side: MoveSide, signal: AbortSignal): Promise<Watched> => ({
  side,
  informer: await openInformer(side.cluster, watchedForStart(side), side.namespace, { signal }),
});
