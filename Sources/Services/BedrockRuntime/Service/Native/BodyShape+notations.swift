/// The shapes of the members that are parsed in each notation.
extension BodyShape {
    /// The members that `CompatibleRequest` reads from every body of OpenAI's and Anthropic's endpoints.
    private static let stream: [String: BodyShape] = ["stream": .flag]

    /// OpenAI's chat completions.
    static let chatCompletion = BodyShape.object(
        Self.stream.merging([
            "messages": .list(.object(Self.chatMessage, required: ["role"])),
            "tools": .list(
                .object(
                    [
                        "type": .text,
                        "function": .object(
                            ["name": .text, "description": .text, "parameters": .object([:]), "strict": .flag],
                            required: ["name"]),
                    ], required: ["function"])),
            "tool_choice": .wordOrObject(
                ["none", "auto", "required", "any"], ["function": .object(["name": .text], required: ["name"])]),
            "parallel_tool_calls": .flag, "max_completion_tokens": .integer, "max_tokens": .integer,
            "temperature": .number, "top_p": .number, "top_k": .integer, "presence_penalty": .number,
            "frequency_penalty": .number, "seed": .integer, "stop": .textOrList(.text),
            "reasoning_effort": .word(Self.openAIEfforts), "verbosity": .word(Self.verbosities),
            "n": .integer, "logprobs": .flag, "top_logprobs": .integer, "user": .text, "store": .flag,
            "service_tier": .text, "prompt_cache_key": .text, "safety_identifier": .text,
            "stream_options": .object(["include_usage": .flag]), "metadata": .object([:]), "logit_bias": .object([:]),
            "response_format": .object([
                "type": .word(["json_object", "json_schema", "text"]),
                "json_schema": .object(["name": .text, "schema": .object([:]), "strict": .flag]),
            ]),
        ]) { first, _ in first }, required: ["messages"])

    private static let chatMessage: [String: BodyShape] = [
        "role": .word(["system", "assistant", "user", "function", "tool", "developer"]), "name": .text,
        "tool_call_id": .text, "reasoning_content": .text, "reasoning": .text, "refusal": .text,
        "content": .textOrList(
            .object(["type": .text, "text": .text, "refusal": .text])),
        "tool_calls": .list(
            .object(["id": .text, "type": .text, "function": .object(["name": .text, "arguments": .text])])),
    ]

    /// OpenAI's Responses API.
    static let response = BodyShape.object(
        Self.stream.merging([
            "instructions": .text, "input": .textOrList(.object(Self.responseItem)), "previous_response_id": .text,
            "background": .flag, "store": .flag, "parallel_tool_calls": .flag, "max_output_tokens": .integer,
            "temperature": .number, "top_p": .number, "metadata": .object([:]), "user": .text,
            "top_logprobs": .integer, "service_tier": .text, "include": .list(.word(Self.includes)),
            "truncation": .word(["auto", "disabled"]), "max_tool_calls": .integer, "prompt_cache_key": .text,
            "safety_identifier": .text,
            "tools": .list(
                .object([
                    "type": .text, "name": .text, "description": .text, "parameters": .object([:]), "strict": .flag,
                ])),
            "tool_choice": .wordOrObject(["none", "auto", "required"], ["type": .text, "name": .text]),
            "text": .object([
                "format": .object([
                    "type": .word(["json_object", "json_schema", "text"]), "name": .text, "schema": .object([:]),
                    "strict": .flag,
                ]), "verbosity": .word(Self.verbosities),
            ]),
            "reasoning": .object([
                "effort": .word(Self.openAIEfforts), "summary": .word(["auto", "concise", "detailed"]),
            ]),
        ]) { first, _ in first })

    private static let openAIEfforts = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]
    private static let verbosities = ["low", "medium", "high"]
    /// - Source: OpenAI's SDK, `ResponseIncludable`.
    private static let includes = [
        "file_search_call.results", "web_search_call.results", "web_search_call.action.sources",
        "message.input_image.image_url", "computer_call_output.output.image_url", "code_interpreter_call.outputs",
        "reasoning.encrypted_content", "message.output_text.logprobs",
    ]

    private static let responseItem: [String: BodyShape] = [
        "type": .text, "id": .text, "role": .text, "call_id": .text, "name": .text, "arguments": .text,
        "content": .textOrList(.object(["type": .text, "text": .text, "refusal": .text])),
        "output": .textOrList(.object(["type": .text, "text": .text])),
    ]

    /// Anthropic's Messages API.
    static let message = BodyShape.object(
        Self.stream.merging([
            "messages": .list(
                .object(
                    ["role": .text, "content": .textOrList(.union(Self.anthropicBlock))],
                    required: ["role", "content"])),
            "system": .textOrList(.object(["type": .text, "text": .text, "cache_control": Self.cacheControl])),
            "tools": .list(
                .union(
                    [
                        "type": .text, "name": .text, "description": .text, "input_schema": .object([:]),
                        "strict": .flag, "cache_control": Self.cacheControl,
                    ],
                    required: ["name"], kind: "custom")),
            "tool_choice": .object([
                "type": .word(["auto", "any", "tool", "none"]), "name": .text, "disable_parallel_tool_use": .flag,
            ]),
            "max_tokens": .integer, "temperature": .number, "top_p": .number, "top_k": .integer,
            "stop_sequences": .list(.text), "metadata": .object(["user_id": .text]), "anthropic_version": .text,
            "anthropic_beta": .list(.text),
            "thinking": .object(["type": .text, "budget_tokens": .integer]),
            "output_config": Self.anthropicOutput,
            "output_format": Self.anthropicFormat,
            "service_tier": .word(["auto", "standard_only"]), "cache_control": Self.cacheControl,
            "context_management": Self.contextManagement, "mcp_servers": Self.toolServers,
        ]) { first, _ in first }, required: ["messages"])

    /// Claude's Text Completions API.
    static let claudeText = BodyShape.object(
        [
            "prompt": .text, "max_tokens_to_sample": .integer, "temperature": .number, "top_p": .number,
            "top_k": .integer, "stop_sequences": .list(.text), "anthropic_version": .text,
        ], required: ["prompt", "max_tokens_to_sample"])

    /// Claude's effort and output format; also used for Converse's `outputConfig`.
    static let anthropicOutput = BodyShape.object([
        "effort": .word(["low", "medium", "high", "xhigh", "max"]), "format": Self.anthropicFormat,
    ])

    private static let contextManagement = BodyShape.object(["edits": .list(.object(["type": .text]))])

    private static let toolServers = BodyShape.list(.object(["type": .text, "url": .text, "name": .text]))

    private static let anthropicFormat = BodyShape.object(["type": .text, "schema": .object([:])])

    private static let anthropicBlock: [String: BodyShape] = [
        "type": .text, "text": .text, "thinking": .text, "id": .text, "name": .text, "input": .object([:]),
        "tool_use_id": .text, "is_error": .flag, "content": .textOrList(.union(["type": .text, "text": .text])),
        "source": .union([
            "type": .text, "data": .text, "media_type": .text,
            "content": .textOrList(.union(["type": .text, "text": .text])),
        ]),
        "title": .text, "context": .text, "citations": .object(["enabled": .flag]),
        "cache_control": Self.cacheControl,
    ]

    private static let cacheControl = BodyShape.object(["type": .text], required: ["type"])

    /// A number from 0 to 1.
    private static let share = BodyShape.bounded(.number, least: 0, most: 1)

    static let titanText = BodyShape.closed(
        [
            "inputText": .text,
            "textGenerationConfig": .closed([
                "maxTokenCount": .bounded(.integer, least: 0), "temperature": Self.share, "topP": Self.share,
                "stopSequences": .list(.text),
            ]),
        ], required: ["inputText"])

    static let llama = BodyShape.closed(
        [
            "prompt": .text, "max_gen_len": .bounded(.integer, least: 1), "temperature": Self.share,
            "top_p": Self.share, "images": .any,
        ], required: ["prompt"])

    /// DeepSeek's and Mistral's prompts.
    static let prompt = BodyShape.object([
        "prompt": .text, "max_tokens": .bounded(.integer, least: 1), "temperature": Self.share, "top_p": Self.share,
        "top_k": .integer, "stop": .list(.text),
    ])

    static let textCompletion = BodyShape.object([
        "prompt": .text, "max_tokens": .bounded(.integer, least: 1), "temperature": .number, "top_p": .number,
        "stop": .textOrList(.text), "seed": .integer, "presence_penalty": .number, "frequency_penalty": .number,
        "n": .integer,
    ])

    static let nova = BodyShape.closed(
        [
            "schemaVersion": .text,
            "messages": .list(
                .closed(
                    ["role": .word(["user", "assistant"]), "content": .list(.closed(Self.novaBlock))],
                    required: ["role", "content"])),
            "system": .list(.closed(["text": .text, "cachePoint": .any, "guardContent": .any])),
            "inferenceConfig": .closed([
                "maxTokens": .bounded(.integer, least: 1), "max_new_tokens": .bounded(.integer, least: 1),
                "temperature": Self.share, "topP": Self.share, "topK": .bounded(.integer, least: 0, most: 128),
                "stopSequences": .list(.text), "reasoningConfig": Self.novaReasoning,
            ]),
            "reasoningConfig": Self.novaReasoning, "topK": .integer, "additionalModelRequestFields": .object([:]),
            "toolConfig": .object([
                "tools": .list(
                    .object([
                        "toolSpec": .object(
                            ["name": .text, "description": .text, "inputSchema": .object(["json": .object([:])])],
                            required: ["name"])
                    ])),
                "toolChoice": .object([
                    "auto": .object([:]), "any": .object([:]), "tool": .object(["name": .text], required: ["name"]),
                ]),
            ]),
        ], required: ["messages"])

    private static let novaReasoning = BodyShape.object([
        "type": .word(["enabled", "disabled"]), "maxReasoningEffort": .word(["low", "medium", "high"]),
    ])

    private static let novaBlock: [String: BodyShape] = [
        "text": .text,
        "image": .object(
            ["format": .word(["png", "jpeg", "gif", "webp"]), "source": .object(["bytes": .text])],
            required: ["format", "source"]),
        "document": .any, "video": .any, "audio": .any, "reasoningContent": .any, "cachePoint": .any,
        "guardContent": .any,
        "toolUse": .object(["toolUseId": .text, "name": .text]),
        "toolResult": .object([
            "toolUseId": .text, "status": .word(["success", "error"]), "content": .list(.object(["text": .text])),
        ]),
    ]

    /// `cohere.command-r…`
    static let cohereCommand = BodyShape.closed(
        [
            "message": .text, "preamble": .text,
            "chat_history": .list(
                .object(["role": .word(["USER", "CHATBOT"]), "message": .text], required: ["role", "message"])),
            "documents": .list(.object([:])), "search_queries_only": .flag, "return_prompt": .flag,
            "prompt_truncation": .word(["OFF", "AUTO_PRESERVE_ORDER"]), "raw_prompting": .flag,
            "max_tokens": .integer, "temperature": Self.share, "p": .bounded(.number, least: 0.01, most: 0.99),
            "k": .bounded(.number, least: 0, most: 500), "presence_penalty": Self.share,
            "frequency_penalty": Self.share, "seed": .integer, "stop_sequences": .list(.text),
            "tools": .list(
                .object(
                    ["name": .text, "description": .text, "parameter_definitions": .object([:])], required: ["name"])),
            "tool_results": .list(
                .object(["call": .object(["name": .text, "parameters": .object([:])]), "outputs": .list(.any)])),
        ], required: ["message"])

    /// `cohere.command-text…`
    static let cohereGenerate = BodyShape.closed(
        [
            "prompt": .text, "max_tokens": .bounded(.integer, least: 1, most: 4096),
            "temperature": .bounded(.number, least: 0, most: 5), "p": Self.share,
            "k": .bounded(.number, least: 0, most: 500), "stop_sequences": .list(.text), "stream": .flag,
            "return_likelihoods": .word(["GENERATION", "ALL", "NONE"]),
            "num_generations": .bounded(.integer, least: 1, most: 5), "logit_bias": .object([:]),
            "truncate": .word(["NONE", "START", "END"]),
        ], required: ["prompt"])
}
