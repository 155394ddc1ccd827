"""An S3-compatible store over https (moto's server) with a bucket. Runs in a container."""

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

BUCKET = "varmenteet"

if __name__ == "__main__":
    s3_backends["123456789012"]["aws"].create_bucket(BUCKET, "us-east-1")
    make_server(
        "0.0.0.0",
        8443,
        DomainDispatcherApplication(create_backend_app),
        threaded=True,
        ssl_context=("/tls/certificate.pem", "/tls/key.pem"),
    ).serve_forever()
