import BedrockRuntimeModel
import BedrockRuntimeService
import Inference
import Primitives
import ServiceKit
import ServiceModel
import Telemetry
import Testing

/// A service in which these aliases hold.
private func service(_ aliases: [ModelCatalog.Alias] = []) -> BedrockRuntimeService {
    BedrockRuntimeService(
        catalog: ModelCatalog(aliases: aliases), clock: ManualClock(), telemetry: MetricHistory())
}

private func converse(_ id: String) -> ConverseRequest {
    ConverseRequest(modelID: id, messages: [Message(role: .user, content: [.text("hi")])])
}

/// What the service says of a model id; nil when the model answers.
private func refusal(_ id: String, _ aliases: [ModelCatalog.Alias] = []) async -> ServiceError? {
    do throws(ServiceError) {
        _ = try await service(aliases).converse(converse(id), caller)
        return nil
    } catch {
        return error
    }
}

struct ModelCatalogTests {
    @Test(
        arguments: [
            ("anthropic.*", "anthropic.claude-v2", true), ("anthropic.*", "meta.llama3", false),
            ("*", "anything", true), ("meta.*-v1:0", "meta.llama3-8b-v1:0", true),
            ("meta.*-v1:0", "meta.x-v2:0", false),
            ("a*b*c", "axxbyyc", true), ("a*b*c", "axxc", false), ("a*b*c", "abxbxc", true),
            ("*ab", "aab", true),
            ("ab*ba", "aba", false), ("a**b", "ab", true), ("*a*", "bab", true), ("*a*", "bbb", false),
            ("exact", "exact", true), ("exact", "exactly", false),
        ] as [(String, String, Bool)])
    func `an alias fits whole ids`(_ pattern: String, _ id: String, _ fits: Bool) async {
        let error = await refusal(id, [.init(pattern: pattern, model: EchoModel.name)])
        #expect((error == nil) == fits)
        if let error { #expect(error.code == "ResourceNotFoundException") }
    }

    @Test(
        arguments: [
            "us.anthropic.claude-v2", "global.anthropic.claude-v2",
            "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-v2",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-v2",
        ])
    func `profiles and ARNs name the same model`(_ id: String) async {
        #expect(await refusal(id, [.init(pattern: "anthropic.claude-v2", model: EchoModel.name)]) == nil)
    }

    @Test(
        arguments: [
            "arn:aws:s3:::bucket", "arn:aws:bedrock:us-east-1::agent/x", "../etc/passwd", "us.",
            "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.titan-text-lite-v1",
            "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/anthropic.claude-v2",
            "arn:aws:bedrock:us-east-1:123456789012:imported-model/abc",
            String(repeating: "a", count: 2049),
            // The sign for kelvin, which Swift takes for a K, and a letter of another alphabet.
            "\u{212A}imi-2", "mod\u{E8}le",
        ])
    func `what is no model identifier is refused`(_ id: String) async {
        let error = await refusal(id, [.init(pattern: "*", model: EchoModel.name)])
        #expect(error?.message == "The provided model identifier is invalid.")
        #expect(error?.code == "ValidationException")
    }

    @Test func `an alias may be part of an ARN of a resource with a generated id`() {
        for kind in ["provisioned-model", "imported-model", "custom-model-deployment"] {
            #expect(ModelCatalog.pattern("arn:aws:bedrock:us-east-1:123456789012:\(kind)/prod*") == "prod*")
        }
    }

    /// A policy for the model does not cover them.
    @Test(
        arguments: [
            "provisioned-model", "imported-model", "custom-model-deployment", "application-inference-profile",
        ])
    func `resources with generated ids are answered through an alias alone`(_ kind: String) async throws {
        let id = "abcdefghij12"
        let arn = "arn:aws:bedrock:us-east-1:123456789012:\(kind)/\(id)"
        let models: [String: any ChatModel] = [id: EchoModel()]
        func answers(_ text: String, _ aliases: [ModelCatalog.Alias]) async -> Bool {
            let catalog = ModelCatalog(models: models, aliases: aliases)
            let service = BedrockRuntimeService(catalog: catalog, clock: ManualClock(), telemetry: MetricHistory())
            return (try? await service.converse(converse(text), caller)) != nil
        }
        #expect(await answers(id, []))
        #expect(await !answers(arn, []))
        #expect(await answers(arn, [.init(pattern: id, model: id)]))
        #expect(
            service().access(converse(arn), caller) == [ResourceAccess(action: "bedrock:InvokeModel", resource: arn)])
    }

    @Test func `the access is to the foundation model, or to the profile and to the model behind it`() {
        let plain = service().access(converse("brume.echo"), caller)
        #expect(
            plain == [
                ResourceAccess(
                    action: "bedrock:InvokeModel",
                    resource: "arn:aws:bedrock:eu-central-1::foundation-model/brume.echo",
                    otherResources: ["arn:aws:bedrock:eu-central-1::foundation-model/brume.echo:latest"])
            ])
        let streamed = service().access(
            ConverseStreamRequest(modelID: "us.anthropic.claude-v2", messages: []), caller)
        #expect(
            streamed == [
                ResourceAccess(
                    action: "bedrock:InvokeModelWithResponseStream",
                    resource: "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/us.anthropic.claude-v2"),
                ResourceAccess(
                    action: "bedrock:InvokeModelWithResponseStream",
                    resource: "arn:aws:bedrock:eu-central-1::foundation-model/anthropic.claude-v2",
                    conditionKeys: [
                        "bedrock:InferenceProfileArn": [
                            "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/us.anthropic.claude-v2"
                        ]
                    ]),
            ])
    }

    @Test(
        arguments: [
            ("mine", ["brume.echo", "mine:latest"]), ("mine:latest", ["brume.echo", "mine"]),
            ("mine:7", ["brume.echo", "mine", "mine:latest"]), ("us.mine", ["brume.echo", "mine:latest"]),
            ("pinned:1", ["brume.echo"]), ("wild-1:0", ["brume.echo"]), ("other", []), ("other:latest", []),
            // A model of that name answers itself, whatever aliases fit it.
            ("brume.echo", ["brume.echo:latest"]),
        ] as [(String, [String])])
    func `an access tells the other names of the model that answers`(_ id: String, _ names: [String]) {
        let aliases = ["mine", "pinned:1", "wild-*"].map { ModelCatalog.Alias(pattern: $0, model: EchoModel.name) }
        let absent = ModelCatalog.Alias(pattern: "brume.*", model: "absent")
        let accesses = service([absent] + aliases).access(converse(id), caller)
        let arns = names.map { "arn:aws:bedrock:eu-central-1::foundation-model/\($0)" }
        #expect(accesses.last?.otherResources == arns)
    }
}
