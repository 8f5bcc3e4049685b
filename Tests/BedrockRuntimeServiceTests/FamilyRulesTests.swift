import BedrockRuntimeService
import Inference
import Testing

struct FamilyRulesTests {
    @Test(
        arguments: [
            ("meta.llama3-1-8b-instruct-v1:0", "llama3.1-8b"), ("openai.gpt-oss-20b-1:0", "gpt-oss-20b"),
            ("qwen.qwen3-32b-v1:0", "qwen3-32b"), ("google.gemma-3-12b-it", "gemma3-12b"),
            ("meta.llama3-8b-instruct-v1:0", nil), ("anthropic.claude-v2", nil), ("amazon.nova-lite-v1:0", nil),
            ("something.else", nil),
        ] as [(String, String?)])
    func `an id with open weights means a model of the list`(_ id: String, _ model: String?) {
        #expect(FamilyRules.sameModel(as: id) == model)
    }

    @Test func `the remedy is a command that can be typed`() {
        let same = FamilyRules.remedy(for: "meta.llama3-1-8b-instruct-v1:0")
        #expect(same.hasPrefix("Fetch it with `brume model pull llama3.1-8b` (Llama 3.1 8B Instruct, 4.92 GB, "))
        let other = FamilyRules.remedy(for: "anthropic.claude-3-haiku-20240307-v1:0")
        #expect(other.contains("`brume model pull qwen3-8b --alias 'anthropic.claude-3-haiku-20240307-v1:0'`"))
        let unknown = FamilyRules.remedy(for: "acme.model")
        #expect(unknown.contains("`brume model alias 'acme.model' <model>`"))
    }

    @Test func `every rule leads to a model of the list`() {
        for id in [
            "anthropic.claude-opus-4-1-20250805-v1:0", "anthropic.claude-sonnet-4-20250514-v1:0",
            "amazon.titan-embed-text-v2:0",
            "cohere.embed-english-v3", "cohere.rerank-v3-5:0", "amazon.rerank-v1:0", "mistral.mistral-7b-instruct-v0:2",
            "mistral.pixtral-large-2502-v1:0", "deepseek.r1-v1:0", "ai21.jamba-1-5-mini-v1:0", "cohere.command-r-v1:0",
            "amazon.titan-text-express-v1", "amazon.nova-micro-v1:0", "amazon.nova-pro-v1:0",
            "meta.llama4-scout-17b-instruct-v1:0",
            "writer.palmyra-x5-v1:0", "openai.gpt-oss-120b-1:0", "qwen.qwen3-coder-480b-a35b-v1:0",
        ] {
            #expect(FamilyRules.remedy(for: id).contains("`brume model pull "), "\(id)")
        }
    }
}
