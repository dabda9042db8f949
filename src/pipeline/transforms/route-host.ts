import { objectAt } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';
import { annotationsOf } from './support/metadata-edits.ts';

/** Removes a Route's host that the source router generated from its own domain; the destination generates its own. */
export const routeHost: Transform = {
  name: 'route-host',
  rules: ['T45'],
  kinds: ['Route.route.openshift.io'],
  apply(draft) {
    if (annotationsOf(draft)['openshift.io/host.generated'] !== 'true') return;
    delete objectAt(draft, 'spec')?.['host'];
  },
};
