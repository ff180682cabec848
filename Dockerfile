# The image contains operator/ and the requirements in requirements/runtime.txt only.
# Both stages use the same base image, because the virtual environment needs its interpreter at the same path.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS builder
WORKDIR /src
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/operator
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt \
 && /opt/build/bin/pip --python /opt/operator/bin/python3 install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator/ operator/
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/build/bin/pip --python /opt/operator/bin/python3 install --no-cache-dir --no-index --no-deps /dist/*.whl

FROM ${PYTHON_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sagemaker-ab-operator" \
      org.opencontainers.image.description="A/B-tested, autoscaled SageMaker endpoints as one Kubernetes resource" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# kopf reads the name of its user and fails without an entry in /etc/passwd.
RUN echo 'operator:x:65532:' >> /etc/group \
 && echo 'operator:x:65532:65532::/nonexistent:/usr/sbin/nologin' >> /etc/passwd
COPY --from=builder /opt/operator /opt/operator
# LOGNAME: the name of the user under another uid too, as OpenShift assigns it.
# PYTHONSAFEPATH: no import from the working directory.
# PYTHONDONTWRITEBYTECODE: the root file system is read-only.
ENV PATH=/opt/operator/bin:${PATH} \
    LOGNAME=operator \
    PYTHONSAFEPATH=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /
USER 65532:65532
EXPOSE 8081
ENTRYPOINT ["kopf", "run"]
CMD ["--standalone", "--all-namespaces", "--liveness=http://0.0.0.0:8081/healthz", "-m", "sagemaker_ab.controller.handlers"]
