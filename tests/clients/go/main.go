// Command journey deploys, shifts, scales, measures and deletes an A/B-tested endpoint with the AWS SDK for Go.
//
// It is told where AWS is by AWS_ENDPOINT_URL alone. The SDK speaks CBOR to CloudWatch.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	metric "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker"
	"github.com/aws/aws-sdk-go-v2/service/sagemaker/types"
	"github.com/aws/aws-sdk-go-v2/service/sagemakerruntime"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

const (
	endpoint  = "go-reviews"
	role      = "arn:aws:iam::123456789012:role/sagemaker"
	image     = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:1.6.0-cpu-py3"
	variantID = "endpoint/" + endpoint + "/variant/VariantA"
	dimension = scaling.ScalableDimensionSageMakerVariantDesiredInstanceCount
	requests  = 40
	patience  = 3 * time.Minute
)

type journey struct {
	models  *sagemaker.Client
	runtime *sagemakerruntime.Client
	scaling *applicationautoscaling.Client
	metrics *cloudwatch.Client
	tags    *resourcegroupstaggingapi.Client
	began   time.Time
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	settings, err := config.LoadDefaultConfig(ctx)
	check("load the configuration", err)
	identity, err := sts.NewFromConfig(settings).GetCallerIdentity(ctx, nil)
	check("ask who calls", err)
	expect("the account", aws.ToString(identity.Account), "123456789012")
	trip := journey{
		models:  sagemaker.NewFromConfig(settings),
		runtime: sagemakerruntime.NewFromConfig(settings),
		scaling: applicationautoscaling.NewFromConfig(settings),
		metrics: cloudwatch.NewFromConfig(settings),
		tags:    resourcegroupstaggingapi.NewFromConfig(settings),
		began:   time.Now(),
	}
	trip.create(ctx)
	trip.invoke(ctx, "VariantA", "VariantB")
	trip.shift(ctx)
	trip.invoke(ctx, "VariantB")
	trip.scale(ctx)
	trip.measure(ctx)
	trip.remove(ctx)
	fmt.Println("two waiters, a paginator, and the refusal of too many datapoints work")
}

func check(what string, err error) {
	if err != nil {
		log.Fatalf("could not %s: %v", what, err)
	}
}

func expect[T comparable](what string, found, wanted T) {
	if found != wanted {
		log.Fatalf("%s is %v, not %v", what, found, wanted)
	}
}

func (trip journey) create(ctx context.Context) {
	for _, name := range []string{"go-bert-a", "go-bert-b"} {
		_, err := trip.models.CreateModel(ctx, &sagemaker.CreateModelInput{
			ModelName:        &name,
			ExecutionRoleArn: aws.String(role),
			PrimaryContainer: &types.ContainerDefinition{
				Image:        aws.String(image),
				ModelDataUrl: aws.String("s3://models/" + name + "/model.tar.gz"),
				Environment:  map[string]string{"SAGEMAKER_PROGRAM": "inference.py"},
			},
		})
		check("create a model", err)
	}
	_, err := trip.models.CreateEndpointConfig(ctx, &sagemaker.CreateEndpointConfigInput{
		EndpointConfigName: aws.String("go-fifty-fifty"),
		ProductionVariants: []types.ProductionVariant{variant("VariantA", "go-bert-a"), variant("VariantB", "go-bert-b")},
	})
	check("create a config", err)
	_, err = trip.models.CreateEndpoint(ctx, &sagemaker.CreateEndpointInput{
		EndpointName:       aws.String(endpoint),
		EndpointConfigName: aws.String("go-fifty-fifty"),
		Tags:               []types.Tag{{Key: aws.String("team"), Value: aws.String("go")}},
	})
	check("create the endpoint", err)
	trip.await(ctx)
}

func variant(name, model string) types.ProductionVariant {
	return types.ProductionVariant{
		VariantName:          &name,
		ModelName:            &model,
		InstanceType:         types.ProductionVariantInstanceTypeMlM5Large,
		InitialInstanceCount: aws.Int32(1),
		InitialVariantWeight: aws.Float32(50),
	}
}

func (trip journey) await(ctx context.Context) {
	waiter := sagemaker.NewEndpointInServiceWaiter(trip.models, func(options *sagemaker.EndpointInServiceWaiterOptions) {
		options.MinDelay, options.MaxDelay = time.Second, time.Second
	})
	check("wait for the endpoint", waiter.Wait(ctx, trip.described(), patience))
}

func (trip journey) described() *sagemaker.DescribeEndpointInput {
	return &sagemaker.DescribeEndpointInput{EndpointName: aws.String(endpoint)}
}

// invoke sends requests and says which variants may answer.
func (trip journey) invoke(ctx context.Context, allowed ...string) {
	answered := map[string]bool{}
	for range requests {
		answer, err := trip.runtime.InvokeEndpoint(ctx, &sagemakerruntime.InvokeEndpointInput{
			EndpointName: aws.String(endpoint),
			ContentType:  aws.String("application/jsonlines"),
			Body:         []byte(`{"features": ["a fine book"]}`),
		})
		check("invoke the endpoint", err)
		answered[aws.ToString(answer.InvokedProductionVariant)] = true
	}
	expect("the number of variants that answer", len(answered), len(allowed))
	for _, name := range allowed {
		expect("that "+name+" answers", answered[name], true)
	}
}

func (trip journey) shift(ctx context.Context) {
	_, err := trip.models.UpdateEndpointWeightsAndCapacities(ctx, &sagemaker.UpdateEndpointWeightsAndCapacitiesInput{
		EndpointName: aws.String(endpoint),
		DesiredWeightsAndCapacities: []types.DesiredWeightAndCapacity{
			{VariantName: aws.String("VariantA"), DesiredWeight: aws.Float32(0)},
			{VariantName: aws.String("VariantB"), DesiredWeight: aws.Float32(1)},
		},
	})
	check("shift the traffic", err)
	trip.await(ctx)
}

func (trip journey) scale(ctx context.Context) {
	_, err := trip.scaling.RegisterScalableTarget(ctx, &applicationautoscaling.RegisterScalableTargetInput{
		ServiceNamespace:  scaling.ServiceNamespaceSagemaker,
		ResourceId:        aws.String(variantID),
		ScalableDimension: dimension,
		MinCapacity:       aws.Int32(2),
		MaxCapacity:       aws.Int32(3),
	})
	check("register the scalable target", err)
	_, err = trip.scaling.PutScalingPolicy(ctx, &applicationautoscaling.PutScalingPolicyInput{
		PolicyName:        aws.String("load"),
		PolicyType:        scaling.PolicyTypeTargetTrackingScaling,
		ServiceNamespace:  scaling.ServiceNamespaceSagemaker,
		ResourceId:        aws.String(variantID),
		ScalableDimension: dimension,
		TargetTrackingScalingPolicyConfiguration: &scaling.TargetTrackingScalingPolicyConfiguration{
			TargetValue: aws.Float64(100),
			PredefinedMetricSpecification: &scaling.PredefinedMetricSpecification{
				PredefinedMetricType: scaling.MetricTypeSageMakerVariantInvocationsPerInstance,
			},
		},
	})
	check("put the scaling policy", err)
	trip.grown(ctx)
	activities, err := trip.scaling.DescribeScalingActivities(ctx, &applicationautoscaling.DescribeScalingActivitiesInput{
		ServiceNamespace: scaling.ServiceNamespaceSagemaker,
		ResourceId:       aws.String(variantID),
	})
	check("read the scaling activities", err)
	expect("the status of the activity", activities.ScalingActivities[0].StatusCode, scaling.ScalingActivityStatusCodeSuccessful)
}

// grown waits until the variant has the two instances that its target now wants at least.
func (trip journey) grown(ctx context.Context) {
	for {
		found, err := trip.models.DescribeEndpoint(ctx, trip.described())
		check("describe the endpoint", err)
		if aws.ToInt32(found.ProductionVariants[0].CurrentInstanceCount) == 2 && found.EndpointStatus == types.EndpointStatusInService {
			return
		}
		time.Sleep(time.Second)
	}
}

func (trip journey) measure(ctx context.Context) {
	query := metric.MetricDataQuery{Id: aws.String("calls"), MetricStat: &metric.MetricStat{
		Period: aws.Int32(60),
		Stat:   aws.String("Sum"),
		Metric: &metric.Metric{
			Namespace:  aws.String("AWS/SageMaker"),
			MetricName: aws.String("Invocations"),
			Dimensions: []metric.Dimension{
				{Name: aws.String("EndpointName"), Value: aws.String(endpoint)},
				{Name: aws.String("VariantName"), Value: aws.String("VariantB")},
			},
		},
	}}
	asked := &cloudwatch.GetMetricDataInput{
		StartTime:         aws.Time(trip.began.Add(-time.Hour)),
		EndTime:           aws.Time(trip.began.Add(12 * time.Hour)),
		MetricDataQueries: []metric.MetricDataQuery{query},
	}
	for {
		sum := 0.0
		pages := cloudwatch.NewGetMetricDataPaginator(trip.metrics, asked)
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			check("read the metrics", err)
			for _, value := range page.MetricDataResults[0].Values {
				sum += value
			}
		}
		if sum > requests {
			break
		}
		time.Sleep(time.Second)
	}
	statistics, err := trip.metrics.GetMetricStatistics(ctx, &cloudwatch.GetMetricStatisticsInput{
		Namespace:          aws.String("AWS/SageMaker"),
		MetricName:         aws.String("ModelLatency"),
		Dimensions:         query.MetricStat.Metric.Dimensions,
		StartTime:          aws.Time(trip.began.Add(-time.Hour)),
		EndTime:            aws.Time(trip.began.Add(12 * time.Hour)),
		Period:             aws.Int32(60),
		ExtendedStatistics: []string{"p50", "p99"},
	})
	check("read the statistics", err)
	latency := statistics.Datapoints[0].ExtendedStatistics
	expect("that the median is below the 99th percentile", latency["p50"] <= latency["p99"] && latency["p50"] > 0, true)
	_, err = trip.metrics.GetMetricStatistics(ctx, &cloudwatch.GetMetricStatisticsInput{
		Namespace: aws.String("AWS/SageMaker"), MetricName: aws.String("Invocations"), Period: aws.Int32(60),
		StartTime: aws.Time(trip.began), EndTime: aws.Time(trip.began.Add(48 * time.Hour)),
		Statistics: []metric.Statistic{metric.StatisticSum},
	})
	var refusal smithy.APIError
	if !errors.As(err, &refusal) {
		log.Fatalf("too many datapoints are not refused: %v", err)
	}
	expect("the code of the refusal", refusal.ErrorCode(), "InvalidParameterCombination")
	found, err := trip.tags.GetResources(ctx, &resourcegroupstaggingapi.GetResourcesInput{
		ResourceTypeFilters: []string{"sagemaker:endpoint"},
	})
	check("find resources by tags", err)
	expect("how many are found by tags", len(found.ResourceTagMappingList), 1)
}

func (trip journey) remove(ctx context.Context) {
	_, err := trip.scaling.DeregisterScalableTarget(ctx, &applicationautoscaling.DeregisterScalableTargetInput{
		ServiceNamespace: scaling.ServiceNamespaceSagemaker, ResourceId: aws.String(variantID), ScalableDimension: dimension,
	})
	check("deregister the scalable target", err)
	_, err = trip.models.DeleteEndpoint(ctx, &sagemaker.DeleteEndpointInput{EndpointName: aws.String(endpoint)})
	check("delete the endpoint", err)
	waiter := sagemaker.NewEndpointDeletedWaiter(trip.models, func(options *sagemaker.EndpointDeletedWaiterOptions) {
		options.MinDelay, options.MaxDelay = time.Second, time.Second
	})
	check("wait until the endpoint is gone", waiter.Wait(ctx, trip.described(), patience))
	_, err = trip.models.DeleteEndpointConfig(ctx, &sagemaker.DeleteEndpointConfigInput{EndpointConfigName: aws.String("go-fifty-fifty")})
	check("delete the config", err)
	for _, name := range []string{"go-bert-a", "go-bert-b"} {
		_, err = trip.models.DeleteModel(ctx, &sagemaker.DeleteModelInput{ModelName: &name})
		check("delete a model", err)
	}
}
