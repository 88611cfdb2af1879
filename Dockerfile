# The image is set up by the same script that people and CI run. It holds PostgreSQL too, so that it also works alone:
#   docker build -t waypost . && docker run --init -p 8050:8050 -v waypost:/srv/waypost/var waypost
FROM debian:12-slim

RUN useradd --create-home waypost && install -d -o waypost -g waypost /srv/waypost /srv/waypost/var
WORKDIR /srv/waypost

# What set-up reads comes first: a change of the program alone does not repeat it.
COPY --chown=waypost:waypost waypost requirements*.lock package*.json ./
RUN ./waypost setup --system && rm -rf /var/lib/apt/lists/*
USER waypost
RUN ./waypost setup && rm -rf ~/.cache ~/.npm
COPY --chown=waypost:waypost . .

ENV PYTHONUNBUFFERED=1
VOLUME /srv/waypost/var
EXPOSE 8050
HEALTHCHECK --start-period=5m --interval=30s CMD .venv/bin/python -c \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8050/healthz', timeout=5)"
CMD ["./waypost", "run", "--host", "0.0.0.0"]
