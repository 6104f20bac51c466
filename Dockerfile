FROM node:22-bookworm-slim AS viewer
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY web .
RUN npm run build

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=viewer /src/web/dist web/dist
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-X main.version=$VERSION" -o /h5serve ./cmd/h5serve && mkdir -p /tmp/empty

# Nothing but the program, the certificates of the public authorities and a folder for temporary files.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /tmp/empty /tmp
COPY --from=build /h5serve /h5serve
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/h5serve"]
# All addresses of the container, where anonymous users may write: publish the port to 127.0.0.1 of the host only.
CMD ["serve", "--listen", "0.0.0.0:8080", "--anonymous", "write"]
