# By its digest, so that a build is the same tomorrow. docs/deploy/container.md says how to renew it.
FROM node:26-slim@sha256:4ebb5ace66f15a24c14c492e01a8beeed4fddf970a856109f5126e703e5fe503 AS build
ENV NODE_ENV=production NODE_COMPILE_CACHE=/app/.compile-cache
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The base image has the node that these packages would bring.
RUN npm ci --omit=dev && rm -r node_modules/node-linux-* node_modules/.bin node_modules/swagger-ui-dist/*.map
COPY bin ./bin
COPY src ./src
COPY docker ./docker
# Node keeps a compile cache for each user.
RUN install -d -o node .compile-cache
USER node
RUN node docker/warm-up.ts
USER root
RUN chmod -R u=rwX,go=rX .

FROM node:26-slim@sha256:4ebb5ace66f15a24c14c492e01a8beeed4fddf970a856109f5126e703e5fe503
ENV NODE_ENV=production NODE_COMPILE_CACHE=/app/.compile-cache BROKER_DATA_DIR=/data
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/.compile-cache ./.compile-cache
COPY --from=build /app/bin ./bin
COPY --from=build /app/src ./src
RUN install -d -o node -g node -m 700 /data
USER node
EXPOSE 8080 8081 8082
CMD ["node", "src/main.ts"]
