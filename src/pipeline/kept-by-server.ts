import type { Failure } from '../kube/api-errors.ts';
import type { KubeObject } from '../kube/api-types.ts';
import { groupKind } from '../kube/object-names.ts';
import { stringAt } from '../kube/raw-json.ts';

/** A change that the server would take without an error and without making it. */
export interface KeptByServer {
  readonly path: string;
  /** The refusal that the server should have given. */
  readonly failure: Failure;
}

/**
 * The change of `live` to `desired` that the server answers with success but does not make; undefined when there is
 * none. A headless Service that is applied without its `None` stays headless: the server fills in what it had. Pure.
 */
export const keptByServer = (desired: KubeObject, live: KubeObject): KeptByServer | undefined => {
  if (groupKind(desired) !== 'Service' || stringAt(desired, 'spec', 'type') === 'ExternalName')
    return undefined;
  const [wanted, present] = [stringAt(desired, 'spec', 'clusterIP'), stringAt(live, 'spec', 'clusterIP')];
  if (present !== 'None' || wanted === 'None') return undefined;
  const detail = 'spec.clusterIP: a headless Service never gets an address';
  return {
    path: 'spec.clusterIP',
    failure: {
      status: 422,
      reason: 'Invalid',
      detail,
      causes: [],
      about: ['immutable'],
      outcomeUnknown: false,
    },
  };
};
