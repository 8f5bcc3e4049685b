/// A service as it is generated: the listed operations and every shape they reach.
struct ServiceIR {
    struct Operation {
        var facts: ModelFile.Operation
        /// Names of structures; operations without one have the empty structure of `emptyName`.
        var input: String
        var output: String
    }

    static let emptyInput = "EmptyInput"
    static let emptyOutput = "EmptyOutput"

    let name: String
    let file: ModelFile
    let operations: [Operation]
    /// Shapes by name, patches applied.
    let shapes: [String: ModelFile.Shape]
    let bindings: [String: PatchFile.Binding]
    /// Shapes in the schema, by name; the index is the shape's number.
    let numbered: [String]
    private let numbers: [String: Int]
    /// Shapes that Swift types are made for.
    let read: Set<String>
    let written: Set<String>
    let errors: [String]

    init(name: String, file: ModelFile, listed: [String], patch: PatchFile) throws {
        self.name = name
        self.file = file
        var shapes = Dictionary(uniqueKeysWithValues: file.shapes.map { ($0.name, $0) })
        for correction in patch.corrections ?? [] {
            guard var shape = shapes[correction.shape] else {
                throw GeneratorError("\(file.service): a correction names \(correction.shape), which is no shape")
            }
            shape.required?.removeAll { (correction.optional ?? []).contains($0) }
            if correction.dropConstraints == true { (shape.min, shape.max, shape.pattern) = (nil, nil, nil) }
            shapes[shape.name] = shape
        }
        for name in [Self.emptyInput, Self.emptyOutput] {
            shapes[name] = ModelFile.Shape(name: name, type: "structure", members: [])
        }
        self.shapes = shapes
        var bindings: [String: PatchFile.Binding] = [:]
        for binding in patch.bindings ?? [] {
            for shape in binding.shapes { bindings[shape] = binding }
        }
        self.bindings = bindings
        let byName = Dictionary(uniqueKeysWithValues: file.operations.map { ($0.name, $0) })
        self.operations = try listed.map { name in
            guard let facts = byName[name] else {
                throw GeneratorError("\(file.service): \(name) is listed, but no operation of the model")
            }
            return Operation(
                facts: facts,
                input: facts.input?.shape ?? Self.emptyInput,
                output: facts.output?.shape ?? Self.emptyOutput
            )
        }
        let errors = Set(self.operations.flatMap(\.facts.errors))
        self.errors = errors.sorted()
        let inputs = Reachability(shapes: shapes, bindings: bindings, from: self.operations.map(\.input))
        let outputs = Reachability(shapes: shapes, bindings: bindings, from: self.operations.map(\.output) + self.errors)
        self.read = inputs.typed
        self.written = outputs.typed
        self.numbered = inputs.all.union(outputs.all).sorted()
        self.numbers = Dictionary(uniqueKeysWithValues: self.numbered.enumerated().map { ($1, $0) })
    }

    func shape(_ name: String) -> ModelFile.Shape {
        guard let shape = self.shapes[name] else { preconditionFailure("\(name) is no shape of \(self.file.service)") }
        return shape
    }

    func number(_ name: String) -> Int {
        guard let number = self.numbers[name] else { preconditionFailure("\(name) is not in the schema") }
        return number
    }

    /// Modules that bound shapes come from.
    var modules: [String] {
        Set(self.bindings.values.map(\.module)).sorted()
    }

    func isRequired(_ member: ModelFile.Reference, of shape: ModelFile.Shape) -> Bool {
        (shape.required ?? []).contains(member.name ?? "")
    }
}

/// The shapes that can be reached from some; through bound shapes only the schema goes on.
struct Reachability {
    private(set) var all: Set<String> = []
    private(set) var typed: Set<String> = []

    init(shapes: [String: ModelFile.Shape], bindings: [String: PatchFile.Binding], from roots: [String]) {
        for root in roots { self.visit(root, shapes, bindings, isTyped: true) }
    }

    private mutating func visit(
        _ name: String, _ shapes: [String: ModelFile.Shape], _ bindings: [String: PatchFile.Binding], isTyped: Bool
    ) {
        let isTyped = isTyped && bindings[name] == nil
        guard !self.all.contains(name) || (isTyped && !self.typed.contains(name)), let shape = shapes[name] else { return }
        self.all.insert(name)
        if isTyped { self.typed.insert(name) }
        for reference in (shape.members ?? []) + [shape.member, shape.key, shape.value].compactMap({ $0 }) {
            self.visit(reference.shape, shapes, bindings, isTyped: isTyped)
        }
    }
}

/// Why nothing could be generated; a sentence.
struct GeneratorError: Error {
    let sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }
}
