import type { GoogleAuth } from 'google-auth-library';
import { within } from './deadline.ts';

/** An access token for Google's APIs, never the one that was `refused`. */
export type TokenSource = (refused?: string) => Promise<string>;

/** As whom the program calls Google. */
export interface GoogleCredentials {
  /** The service account's e-mail. */
  readonly email: () => Promise<string>;
  readonly token: TokenSource;
}

const advice =
  'run as a service account, or let GOOGLE_APPLICATION_CREDENTIALS name a credentials file (for a person: gcloud auth application-default login)';

/**
 * Application Default Credentials by Google's own library, loaded when first needed. It keeps the token until a minute
 * before its end and asks for a new one once, however many wait; the e-mail is asked once.
 */
export function googleCredentials({ deadlineMs = 4_000 } = {}): GoogleCredentials {
  let auth: Promise<GoogleAuth> | undefined;
  let knownEmail: string | undefined;
  let lastToken: string | undefined;

  const ask = async <Result>(what: string, question: (auth: GoogleAuth) => Promise<Result>) => {
    auth ??= open();
    const asked = auth;
    try {
      return await within(deadlineMs, 'asking for it', asked.then(question));
    } catch (error) {
      // On Google Cloud the library waits for the metadata server without end, and lets all who come later wait with it.
      if (auth === asked) auth = undefined;
      throw new Error(`no ${what} from Google's credentials: ${(error as Error).message}; ${advice}`, {
        cause: error,
      });
    }
  };

  return {
    async email() {
      if (knownEmail !== undefined) return knownEmail;
      const credentials = await ask('service account', (auth) => auth.getCredentials());
      const email = credentials.client_email;
      if (!email?.includes('@'))
        throw new Error(
          "Google's credentials name no service account: set BROKER_SERVICE_ACCOUNT to the e-mail of the one that signs",
        );
      knownEmail = email;
      return email;
    },

    async token(refused) {
      if (refused !== undefined && refused === lastToken) {
        auth = undefined;
        lastToken = undefined;
      }
      const token = await ask('access token', (auth) => auth.getAccessToken());
      if (!token) throw new Error(`no access token from Google's credentials; ${advice}`);
      lastToken = token;
      return token;
    },
  };
}

async function open(): Promise<GoogleAuth> {
  const { GoogleAuth } = await import('google-auth-library');
  return new GoogleAuth({
    scopes: 'https://www.googleapis.com/auth/cloud-platform',
    // Without one the library looks for it, by running gcloud among others. No call here needs it.
    projectId: 'unused',
    // The metadata server may hand out a token with less than the library's usual five minutes left: it would be asked each time.
    clientOptions: { eagerRefreshThresholdMillis: 60_000 },
  });
}
