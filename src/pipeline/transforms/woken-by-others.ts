import { groupKind } from '../../kube/object-names.ts';
import type { Transform } from '../pipeline-types.ts';
import { pathText } from './support/field-paths.ts';
import { annotationsOf, labelsOf } from './support/metadata-edits.ts';

/**
 * Warns of marks by which another controller sets the very fields that park the copy. They are kept as they are: what
 * they say is part of the application, and whether that controller is at the destination is not known here.
 */
export const wokenByOthers: Transform = {
  name: 'woken-by-others',
  rules: ['T13'],
  apply(draft, { note }) {
    const marks = { labels: Object.keys(labelsOf(draft)), annotations: Object.keys(annotationsOf(draft)) };
    for (const { field, mark, who, does } of WAKERS) {
      const key = marks[field].find((name) => mark.test(name));
      if (key === undefined) continue;
      note({
        level: 'warn',
        path: pathText(['metadata', field, key]),
        message:
          `Because of this mark, ${who} at the destination ${does}, which would start the parked ${groupKind(draft).split('.')[0]}; ` +
          'stop it for this namespace until cutover.',
      });
    }
  },
};

interface Waker {
  readonly field: 'labels' | 'annotations';
  readonly mark: RegExp;
  readonly who: string;
  /** As a clause in the third person. */
  readonly does: string;
}

/** Who else starts and stops workloads, and by which marks. GitOps tools and KEDA have rules of their own. */
const WAKERS: readonly Waker[] = [
  {
    // https://kueue.sigs.k8s.io/docs/tasks/run/jobs/
    field: 'labels',
    mark: /^kueue\.x-k8s\.io\/queue-name$/,
    who: 'Kueue',
    does: 'admits the workload and sets suspend back to false',
  },
  {
    // https://codeberg.org/hjacobs/kube-downscaler: all of its annotations, the remembered count among them.
    field: 'annotations',
    mark: /^downscaler\//,
    who: 'kube-downscaler',
    does: 'sets the replica count by the time of day',
  },
  {
    // https://docs.openshift.com: an idled Service, and the Endpoints of it.
    field: 'annotations',
    mark: /^idling\.alpha\.openshift\.io\//,
    who: 'the unidling proxy of OpenShift',
    does: 'scales the workloads it names up again at the first request',
  },
  {
    // https://sablierapp.dev
    field: 'labels',
    mark: /^sablier\.enable$/,
    who: 'Sablier',
    does: 'scales the workload up at the first request',
  },
];
