// Deploys, shifts, scales, measures and deletes an A/B-tested endpoint with the AWS SDK for JavaScript v3.
// It is told where AWS is by AWS_ENDPOINT_URL alone.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import * as scaling from "@aws-sdk/client-application-auto-scaling";
import * as cloudwatch from "@aws-sdk/client-cloudwatch";
import * as sagemaker from "@aws-sdk/client-sagemaker";
import * as runtime from "@aws-sdk/client-sagemaker-runtime";
import * as sts from "@aws-sdk/client-sts";

const endpoint = "js-reviews";
const role = "arn:aws:iam::123456789012:role/sagemaker";
const image = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3";
const dimensions = [
  { Name: "EndpointName", Value: endpoint },
  { Name: "VariantName", Value: "VariantB" },
];
const target = {
  ServiceNamespace: "sagemaker",
  ResourceId: `endpoint/${endpoint}/variant/VariantA`,
  ScalableDimension: "sagemaker:variant:DesiredInstanceCount",
};
const began = Date.now();
const span = { StartTime: new Date(began - 3_600_000), EndTime: new Date(began + 12 * 3_600_000) };

const models = new sagemaker.SageMakerClient();
const metrics = new cloudwatch.CloudWatchClient();
const autoscaling = new scaling.ApplicationAutoScalingClient();
const inference = new runtime.SageMakerRuntimeClient();
const waiting = { client: models, maxWaitTime: 120, minDelay: 1, maxDelay: 1 };

async function until(what, look) {
  for (let tries = 0; tries < 90; tries++) {
    if (await look()) return;
    await pause(1000);
  }
  assert.fail(`${what} did not come to be`);
}

async function create() {
  for (const name of ["js-bert-a", "js-bert-b"]) {
    await models.send(
      new sagemaker.CreateModelCommand({
        ModelName: name,
        ExecutionRoleArn: role,
        PrimaryContainer: {
          Image: image,
          ModelDataUrl: `s3://models/${name}/model.tar.gz`,
          Environment: { SAGEMAKER_PROGRAM: "inference.py" },
        },
      }),
    );
  }
  const variant = (name, model) => ({
    VariantName: name,
    ModelName: model,
    InstanceType: "ml.m5.large",
    InitialInstanceCount: 1,
    InitialVariantWeight: 50,
  });
  await models.send(
    new sagemaker.CreateEndpointConfigCommand({
      EndpointConfigName: "js-fifty-fifty",
      ProductionVariants: [variant("VariantA", "js-bert-a"), variant("VariantB", "js-bert-b")],
    }),
  );
  await models.send(
    new sagemaker.CreateEndpointCommand({ EndpointName: endpoint, EndpointConfigName: "js-fifty-fifty" }),
  );
  await sagemaker.waitUntilEndpointInService(waiting, { EndpointName: endpoint });
}

async function answering(count) {
  const seen = new Set();
  for (let n = 0; n < count; n++) {
    const answer = await inference.send(
      new runtime.InvokeEndpointCommand({
        EndpointName: endpoint,
        ContentType: "application/jsonlines",
        Body: '{"features": ["a fine book"]}',
      }),
    );
    assert.ok(answer.Body.length > 0);
    seen.add(answer.InvokedProductionVariant);
  }
  return [...seen].sort();
}

async function shift() {
  await models.send(
    new sagemaker.UpdateEndpointWeightsAndCapacitiesCommand({
      EndpointName: endpoint,
      DesiredWeightsAndCapacities: [
        { VariantName: "VariantA", DesiredWeight: 0 },
        { VariantName: "VariantB", DesiredWeight: 1 },
      ],
    }),
  );
  await sagemaker.waitUntilEndpointInService(waiting, { EndpointName: endpoint });
}

async function scale() {
  await autoscaling.send(
    new scaling.RegisterScalableTargetCommand({ ...target, MinCapacity: 2, MaxCapacity: 3 }),
  );
  await autoscaling.send(
    new scaling.PutScalingPolicyCommand({
      ...target,
      PolicyName: "load",
      PolicyType: "TargetTrackingScaling",
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 100,
        PredefinedMetricSpecification: {
          PredefinedMetricType: "SageMakerVariantInvocationsPerInstance",
        },
      },
    }),
  );
  await until("a second instance", async () => {
    const found = await models.send(new sagemaker.DescribeEndpointCommand({ EndpointName: endpoint }));
    return found.EndpointStatus === "InService" && found.ProductionVariants[0].CurrentInstanceCount === 2;
  });
  const { ScalingPolicies } = await autoscaling.send(
    new scaling.DescribeScalingPoliciesCommand({ ServiceNamespace: "sagemaker" }),
  );
  assert.deepEqual(ScalingPolicies.map((policy) => policy.Alarms.length), [2]);
}

async function measure() {
  const query = {
    Id: "calls",
    MetricStat: {
      Metric: { Namespace: "AWS/SageMaker", MetricName: "Invocations", Dimensions: dimensions },
      Period: 60,
      Stat: "Sum",
    },
  };
  await until("the metrics", async () => {
    const pages = cloudwatch.paginateGetMetricData(
      { client: metrics },
      { ...span, MetricDataQueries: [query] },
    );
    let sum = 0;
    for await (const page of pages) for (const value of page.MetricDataResults[0].Values) sum += value;
    return sum > 40;
  });
  const { Datapoints } = await metrics.send(
    new cloudwatch.GetMetricStatisticsCommand({
      ...span,
      Namespace: "AWS/SageMaker",
      MetricName: "ModelLatency",
      Dimensions: dimensions,
      Period: 60,
      ExtendedStatistics: ["p50", "p99"],
    }),
  );
  const { p50, p99 } = Datapoints[0].ExtendedStatistics;
  assert.ok(p50 > 0 && p50 <= p99);
  await assert.rejects(models.send(new sagemaker.DescribeEndpointCommand({ EndpointName: "none" })), {
    name: "ValidationException",
  });
}

async function remove() {
  await autoscaling.send(new scaling.DeregisterScalableTargetCommand(target));
  await models.send(new sagemaker.DeleteEndpointCommand({ EndpointName: endpoint }));
  await sagemaker.waitUntilEndpointDeleted(waiting, { EndpointName: endpoint });
  await models.send(new sagemaker.DeleteEndpointConfigCommand({ EndpointConfigName: "js-fifty-fifty" }));
  for (const name of ["js-bert-a", "js-bert-b"]) {
    await models.send(new sagemaker.DeleteModelCommand({ ModelName: name }));
  }
  for await (const page of sagemaker.paginateListModels({ client: models }, {})) {
    assert.deepEqual(page.Models, []);
  }
}

const identity = await new sts.STSClient().send(new sts.GetCallerIdentityCommand({}));
assert.equal(identity.Account, "123456789012");
await create();
assert.deepEqual(await answering(40), ["VariantA", "VariantB"]);
await shift();
assert.deepEqual(await answering(40), ["VariantB"]);
await scale();
await measure();
await remove();
console.log("two waiters and two paginators work");
