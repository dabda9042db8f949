import type { Json, KubeObject } from '../../kube/api-types.ts';
import { listAt, stringAt } from '../../kube/raw-json.ts';
import { isGeneratedFor } from '../filters/generated-names.ts';
import type { Note, Transform } from '../pipeline-types.ts';
import { annotationPath } from './support/field-paths.ts';
import { annotationsOf } from './support/metadata-edits.ts';

// Annotations that let the pods of a ServiceAccount act as an identity of a cloud.
const CLOUD_IDENTITY =
  /^(eks\.amazonaws\.com\/role-arn|iam\.gke\.io\/gcp-service-account|azure\.workload\.identity\/(client-id|tenant-id))$/;

/**
 * Takes credentials that the source cluster generated out of a ServiceAccount, and says so; the destination generates
 * its own. Pull secrets and other Secrets that the user added stay, whatever their names begin with.
 */
export const serviceAccount: Transform = {
  name: 'service-account',
  rules: ['T60', 'T61'],
  kinds: ['ServiceAccount'],
  apply(draft, { note }) {
    const taken = [
      ...keepEntries(draft, 'secrets', ['token', 'dockercfg']),
      ...keepEntries(draft, 'imagePullSecrets', ['dockercfg']),
    ];
    taken.forEach(note);
    for (const key of Object.keys(annotationsOf(draft)).filter((name) => CLOUD_IDENTITY.test(name))) {
      note({
        level: 'warn',
        path: annotationPath(key),
        message:
          "The cloud identity trusts the source cluster's token issuer. " +
          "Let it trust the destination's issuer as well before cutover.",
      });
    }
  },
};

const keepEntries = (
  account: KubeObject,
  field: string,
  generated: Parameters<typeof isGeneratedFor>[2],
): Note[] => {
  const entries = listAt(account, field);
  const isGenerated = (entry: Json): boolean =>
    isGeneratedFor(account.metadata.name, stringAt(entry, 'name') ?? '', generated);
  const kept = entries.filter((entry) => !isGenerated(entry));
  if (kept.length > 0) account[field] = kept;
  else delete account[field];
  return entries.filter(isGenerated).map((entry) => ({
    level: 'info',
    path: field,
    message: `Secret ${stringAt(entry, 'name')} is removed: the source cluster generated it, and the destination creates its own.`,
  }));
};
