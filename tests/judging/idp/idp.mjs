// A SAML identity provider over samlp, set up as Suomi.fi-tunnistus: it identifies whoever comes as
// the person given, without a page. Argument: JSON with base, port, certificate, key, sp (entity
// ID, certificate, answer and logout addresses), person, level, and what is to be otherwise.
import { randomUUID, X509Certificate } from "node:crypto";
import { createServer } from "node:http";
import samlp from "samlp";
import SessionParticipants from "samlp/lib/sessionParticipants/index.js";

const wanted = JSON.parse(process.argv[2]);
const TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
const party = { cert: wanted.certificate, key: wanted.key, issuer: `${wanted.base}/idp` };
const participants = [];
const states = new Map();

const store = {
    save(_request, state, done) {
        const handle = randomUUID();
        states.set(handle, state);
        done(null, handle);
    },
    load(_request, handle, options, done = options) {
        done(null, states.get(handle));
    },
    update(_request, handle, state, done) {
        states.set(handle, state);
        done(null, handle);
    },
};

function Person(person) {
    return {
        getClaims: () => person,
        getNameIdentifier: () => ({
            nameIdentifier: participants.at(-1).nameId,
            nameIdentifierFormat: TRANSIENT,
        }),
    };
}
Person.prototype.metadata = [];

function signOn(request, response, next) {
    const session = {
        serviceProviderId: wanted.sp.entity_id,
        nameId: `_${randomUUID()}`,
        nameIdFormat: TRANSIENT,
        sessionIndex: `_${randomUUID()}`,
        serviceProviderLogoutURL: wanted.sp.logout_url,
        cert: wanted.sp.certificate,
    };
    const options = {
        ...party,
        signingCert: wanted.sp.certificate,
        encryptionCert: wanted.sp.certificate,
        encryptionPublicKey: new X509Certificate(wanted.sp.certificate).publicKey.export({
            type: "spki",
            format: "pem",
        }),
        destination: wanted.sp.answer_url,
        recipient: wanted.sp.answer_url,
        lifetimeInSeconds: 300,
        sessionIndex: session.sessionIndex,
        authnContextClassRef: wanted.level,
        profileMapper: Person,
        // Asked when the request has been found to be ours.
        getUserFromRequest() {
            participants.push(session);
            return wanted.person;
        },
        getPostURL: (_audience, document, _request, done) =>
            done(null, document.documentElement.getAttribute("AssertionConsumerServiceURL")),
        ...wanted.otherwise,
    };
    samlp.auth(options)(request, response, next);
}

const logout = samlp.logout({
    ...party,
    deflate: true,
    protocolBinding: "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect",
    sessionParticipants: new SessionParticipants(participants),
    store,
});
const metadata = samlp.metadata({
    ...party,
    profileMapper: Person,
    redirectEndpointPath: "/sso",
    postEndpointPath: "/sso",
    logoutEndpointPaths: { redirect: "/slo" },
});
const pages = { "/sso": signOn, "/slo": logout, "/end": logout, "/metadata": metadata };

// What samlp, made for Express, uses of it.
createServer((request, response) => {
    const url = new URL(request.url, wanted.base);
    Object.assign(request, {
        query: Object.fromEntries(url.searchParams),
        body: {},
        protocol: "http",
        originalUrl: request.url,
    });
    Object.assign(response, {
        set: (name, value) => response.setHeader(name, value),
        send: (body) => response.end(String(body)),
        redirect: (address) => response.writeHead(302, { Location: address }).end(),
    });
    pages[url.pathname](request, response, (error) =>
        response.writeHead(400).end(String(error?.message)),
    );
}).listen(wanted.port, "127.0.0.1", () => console.log("ready"));
