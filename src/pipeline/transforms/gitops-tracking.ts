import type { Transform } from '../pipeline-types.ts';
import { pathText } from './support/field-paths.ts';
import { annotationsOf, labelsOf } from './support/metadata-edits.ts';

const TRACKING =
  /^(argocd\.argoproj\.io\/(tracking-id|instance)|(kustomize|helm)\.toolkit\.fluxcd\.io\/(name|namespace))$/;
const INSTANCE = 'app.kubernetes.io/instance';
const HELM_RELEASE = 'meta.helm.sh/release-name';

/** Keeps the marks of GitOps tools, and says what such a tool at the destination could do to the copy. */
export const gitopsTracking: Transform = {
  name: 'gitops-tracking',
  rules: ['T11'],
  apply(draft, { context, note }) {
    for (const [field, entries] of [
      ['labels', labelsOf(draft)],
      ['annotations', annotationsOf(draft)],
    ] as const) {
      for (const key of Object.keys(entries).filter((name) => TRACKING.test(name))) {
        note({
          level: 'warn',
          path: pathText(['metadata', field, key]),
          message:
            'A GitOps tool manages this object, as this field shows. The same tool at the destination may delete the copy ' +
            'or start the parked application; pause it there until cutover.',
        });
      }
    }
    // Argo CD's default mark is also what every chart sets, so it means something only where Argo CD is and Helm has no
    // hand in it.
    if (
      context.hasArgoCd &&
      labelsOf(draft)[INSTANCE] !== undefined &&
      annotationsOf(draft)[HELM_RELEASE] === undefined
    ) {
      note({
        level: 'info',
        path: pathText(['metadata', 'labels', INSTANCE]),
        message:
          'Argo CD may track objects by this label. If an Argo CD at the destination has an application of this ' +
          'name, it may delete the copy or start the parked application.',
      });
    }
  },
};
