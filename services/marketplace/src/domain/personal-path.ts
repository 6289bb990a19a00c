const HOME = /(?:^|\/)(?:home|users|documents and settings)\/([^/]+)\//i;
/** Accounts that are nobody's own. */
const SHARED_ACCOUNTS = new Set(['runner', 'builder', 'build', 'buildbot', 'ci', 'jenkins', 'root', 'user', 'shared', 'public', 'default', 'linuxbrew']);
const SECRET_NAME = /^(?:\.env(?:\..*)?|\.netrc|\.npmrc|\.pypirc|\.git-credentials|\.pgpass|id_(?:rsa|dsa|ecdsa|ed25519)|credentials(?:\.json)?|.*\.(?:pem|p12|pfx|jks|keystore|kdbx|ppk|key))$/i;
const PERSONAL_FOLDER = /(?:^|\/)\.(?:ssh|gnupg|aws|kube|docker|mozilla|config\/gcloud)\//i;

/** Whether a path tells who built the pack, or looks like a secret: what neither a publisher nor we want to serve. */
export function personalProblem(path: string): string | undefined {
  const account = HOME.exec(path)?.[1];
  if (account !== undefined && !SHARED_ACCOUNTS.has(account.toLowerCase())) return 'the home folder of a person';
  if (PERSONAL_FOLDER.test(path)) return "a folder of a person's settings";
  return SECRET_NAME.test(path.slice(path.lastIndexOf('/') + 1)) ? 'the name of a file of secrets' : undefined;
}
