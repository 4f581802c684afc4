FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:22-bookworm-slim
ENV NODE_ENV=production \
    SWITCHYARD_DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY data/services/templates ./data/services/templates
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8090
# The default bind is loopback; compose.yaml shows the settings a reachable container needs.
CMD ["node", "dist/bundle/main.js"]
