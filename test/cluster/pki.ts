import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeKubeconfig } from './kubeconfig.ts';
import { type Identity, makeIdentity } from './x509.ts';

/** Files of one cluster's keys, certificates and kubeconfigs (absolute paths). */
export interface Pki {
  /** Signs more client certificates, such as expired ones. */
  readonly ca: Identity;
  readonly caFile: string;
  readonly server: KeyPair;
  readonly admin: KeyPair;
  readonly serviceAccountKeyFile: string;
  readonly serviceAccountPublicFile: string;
  readonly adminKubeconfig: string;
}

export interface KeyPair {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Makes a certificate authority and everything signed by it into `directory`, for the API server at `server`. */
export function writePki(directory: string, context: string, server: string): Pki {
  const ca = makeIdentity({ commonName: `${context}-ca` });
  const caFile = write(directory, 'ca.crt', ca.certPem);
  const signed = (
    name: string,
    commonName: string,
    organisation?: string,
  ): KeyPair & { identity: Identity } => {
    const subject = { commonName, ...(organisation ? { organisation } : {}) };
    const identity = makeIdentity(name === 'server' ? { ...subject, hosts: SERVER_HOSTS } : subject, ca);
    const certFile = write(directory, `${name}.crt`, identity.certPem);
    return { identity, certFile, keyFile: write(directory, `${name}.key`, identity.keyPem) };
  };
  const admin = signed('admin', 'kubernetes-admin', 'system:masters');
  const serviceAccount = makeIdentity({ commonName: 'service-accounts' });
  const adminKubeconfig = join(directory, 'admin.kubeconfig');
  const { certPem, keyPem } = admin.identity;
  writeKubeconfig(adminKubeconfig, [{ context, server, ca: ca.certPem, cert: certPem, key: keyPem }]);
  return {
    ca,
    caFile,
    server: signed('server', 'kube-apiserver'),
    admin,
    serviceAccountKeyFile: write(directory, 'service-account.key', serviceAccount.keyPem),
    serviceAccountPublicFile: write(
      directory,
      'service-account.pub',
      serviceAccount.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ),
    adminKubeconfig,
  };
}

const SERVER_HOSTS = ['127.0.0.1', 'localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];

function write(directory: string, name: string, text: string): string {
  const file = join(directory, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
