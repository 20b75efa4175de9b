# The relay: `relay`, `cert`, `key` and `share`, without pictures, fonts and X11.
#   docker build -t pulsecam-relay . && docker run -p 6868:6868 pulsecam-relay
# docs/deploy/compose.yaml adds a certificate and a key. The health check needs `--format docker` with buildah and podman.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
# Debian's own Rust, which it keeps recent for its browsers.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates cargo-web gcc libc6-dev
WORKDIR /src
COPY . .
RUN cargo install --locked --path . --root /out --profile relay --no-default-features --features relay,cluster && \
    strip /out/bin/pulsecam

FROM ${BASE}
COPY --from=build /out/bin/pulsecam /usr/bin/pulsecam
# Nobody; files that are mounted, such as keys, have to be readable for this user or one given with --user.
USER 65534:65534
# For the health check, at 127.0.0.1 of the container only. It is plain HTTP also if clients have to use TLS.
ENV PULSECAM_ADMIN=6870
EXPOSE 6868
# For other relays only, if there is `--cluster`.
EXPOSE 6869/tcp 6869/udp
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/6870 && printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["pulsecam"]
CMD ["relay"]
