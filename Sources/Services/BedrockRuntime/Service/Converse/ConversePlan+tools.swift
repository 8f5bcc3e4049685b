internal import BedrockRuntimeModel
internal import Inference
internal import ServiceModel

/// The tools that a model may or must call.
extension ConversePlan {
    mutating func addTools(_ configuration: ToolConfiguration, ofClaude isClaude: Bool) throws(ServiceError) {
        var names: Set<String> = []
        for (index, tool) in configuration.tools.enumerated() {
            switch tool {
            case .toolSpec(let specification):
                try self.addTool(specification, at: index, ofClaude: isClaude, &names)
            case .cachePoint(let point):
                self.keepBeginning(point)
            default:
                throw .invalid("The tool at toolConfig.tools.\(index) is not supported by this model.")
            }
        }
        if let fault = StrictSchema.fault(toolCount: self.request.tools.count(where: \.isStrict)) {
            throw .invalid(ClaudeLimits.conversePrefix + fault)
        }
        switch configuration.toolChoice {
        case nil, .auto, .unknown: self.request.toolChoice = .auto
        case .any: self.request.toolChoice = .any
        case .tool(let choice):
            guard self.request.tools.contains(where: { $0.name == choice.name }) else {
                throw .invalid("The tool \(choice.name) of toolConfig.toolChoice is not among toolConfig.tools.")
            }
            self.request.toolChoice = .named(choice.name)
        }
    }

    private mutating func addTool(
        _ specification: ToolSpecification, at index: Int, ofClaude isClaude: Bool, _ names: inout Set<String>
    ) throws(ServiceError) {
        let place = "toolConfig.tools.\(index).toolSpec.inputSchema"
        guard case .json(let schema) = specification.inputSchema, case .object = schema else {
            throw ContentReader.noObject("\(place).json")
        }
        guard schema["type"]?.text == "object" else {
            throw .invalid("The value at \(place).json.type must be one of the following: object.")
        }
        if let sentence = ToolSchema.violation(in: schema)?.sentence {
            throw .invalid(
                "The json schema definition at \(place) is invalid. Fix the following errors and try again: \(sentence)"
            )
        }
        // Claude numbers its tools without cache points.
        if isClaude, let fault = ToolSchema.claudeFault(schema) {
            throw .invalid(
                "\(ClaudeLimits.conversePrefix)tools.\(self.request.tools.count).custom.input_schema\(fault)")
        }
        guard names.insert(specification.name).inserted else {
            throw .invalid("\(ClaudeLimits.conversePrefix)tools: Tool names must be unique.")
        }
        if specification.strict == true, let fault = StrictSchema.fault(in: schema) {
            throw .invalid("\(ClaudeLimits.conversePrefix)tools.\(index).custom: \(fault)")
        }
        self.request.tools.append(
            .init(
                name: specification.name, description: specification.description ?? "", schema: schema,
                isStrict: specification.strict ?? false))
    }
}
