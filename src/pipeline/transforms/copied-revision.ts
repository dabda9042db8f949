import { COPIED_REVISION } from '../../common/annotations.ts';
import { stringAt } from '../../kube/raw-json.ts';
import type { Transform } from '../pipeline-types.ts';
import { setAnnotation } from './support/metadata-edits.ts';

/**
 * Says on the copy, and in the report, that it has the template of an older revision (`--serving-revisions`). A source that
 * was a copy itself once may carry such a word of that time.
 */
export const copiedRevision: Transform = {
  name: 'copied-revision',
  rules: ['T74'],
  kinds: ['Deployment.apps', 'StatefulSet.apps', 'DaemonSet.apps'],
  apply(draft, { source, context, note }) {
    const name = stringAt(source, 'metadata', 'annotations', COPIED_REVISION);
    if (context.servingRevisions !== true || name === undefined) return;
    setAnnotation(draft, COPIED_REVISION, name);
    note({
      level: 'warn',
      path: 'spec.template',
      message: `The copy has the template of revision ${name}, which serves, not the newer one.`,
    });
  },
};
