import { objectAt } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';
import { dropLabels } from './support/metadata-edits.ts';

const GENERATED_LABELS: ReadonlySet<string> = new Set([
  'controller-uid',
  'batch.kubernetes.io/controller-uid',
  'job-name',
  'batch.kubernetes.io/job-name',
]);

/**
 * Removes the selector and labels that the source generated from the Job's UID, which the server refuses for a new
 * Job. A Job with a manual selector carries the user's own and stays as it is.
 */
export const job: Transform = {
  name: 'job',
  rules: ['T68'],
  kinds: ['Job.batch'],
  apply(draft) {
    const spec = objectAt(draft, 'spec');
    if (spec === undefined || spec['manualSelector'] === true) return;
    delete spec['selector'];
    dropLabels(draft, (key) => GENERATED_LABELS.has(key));
    const template = objectAt(spec, 'template');
    if (template !== undefined) dropLabels(template, (key) => GENERATED_LABELS.has(key));
  },
};
