// A certified OpenID provider set up as a broker of the Finnish Trust Network: it identifies
// whoever comes as the person given, without a page. Argument: JSON with issuer, port, client,
// person (claims), acr, and what it requires.
import { createServer } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

const wanted = JSON.parse(process.argv[2]);
const algorithms = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
];
const kinds = { RS: "RS256", PS: "PS256", ES256: "ES256", ES384: "ES384", ES512: "ES512" };

async function keys() {
    const made = [];
    for (const [name, algorithm] of Object.entries(kinds)) {
        const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
        const key = { ...(await exportJWK(privateKey)), kid: name, use: "sig" };
        made.push(name.length > 2 ? { ...key, alg: algorithm } : key);
    }
    return made;
}

const provider = new Provider(wanted.issuer, {
    clients: [wanted.client],
    jwks: { keys: await keys() },
    acrValues: [wanted.acr],
    claims: { openid: Object.keys(wanted.person), acr: null, auth_time: null },
    conformIdTokenClaims: false,
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...wanted.person }) }),
    // Consent was given when the client was registered.
    async loadExistingGrant(ctx) {
        const grant = new ctx.oidc.provider.Grant({
            clientId: ctx.oidc.client.clientId,
            accountId: ctx.oidc.session.accountId,
        });
        grant.addOIDCScope("openid");
        await grant.save();
        return grant;
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    cookies: { keys: ["a test's"] },
    pkce: { required: () => true },
    enabledJWA: {
        idTokenSigningAlgValues: algorithms,
        requestObjectSigningAlgValues: algorithms,
        clientAuthSigningAlgValues: algorithms,
        idTokenEncryptionAlgValues: [
            "RSA-OAEP",
            "RSA-OAEP-256",
            "ECDH-ES",
            "ECDH-ES+A128KW",
            "ECDH-ES+A256KW",
        ],
        idTokenEncryptionEncValues: ["A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"],
    },
    features: {
        devInteractions: { enabled: false },
        encryption: { enabled: true },
        requestObjects: { enabled: true, requireSignedRequestObject: wanted.signed },
        pushedAuthorizationRequests: {
            enabled: wanted.pushed,
            requirePushedAuthorizationRequests: wanted.pushed,
        },
    },
});
provider.on("server_error", (_ctx, error) => console.error(error));
for (const name of ["authorization.error", "grant.error", "pushed_authorization_request.error"]) {
    provider.on(name, (_ctx, error) =>
        console.error(name, error.error_description, error.error_detail),
    );
}

const answer = provider.callback();
createServer(async (request, response) => {
    if (!request.url.startsWith("/interaction/")) return answer(request, response);
    const login = { accountId: "somebody", acr: wanted.acr };
    return provider.interactionFinished(request, response, { login });
}).listen(wanted.port, "127.0.0.1", () => console.log("ready"));
