/// A service as it is generated: the listed operations and every shape they reach.
struct ServiceIR {
    /// An operation with an input and an output of its own.
    struct Operation {
        var facts: ModelFile.Operation
        /// Names of structures.
        var input: String
        var output: String
    }

    let name: String
    let file: ModelFile
    let quirks: [String]
    let operations: [Operation]
    /// Shapes by name, patches applied.
    let shapes: [String: ModelFile.Shape]
    let bindings: [String: PatchFile.Binding]
    /// Shapes in the schema, by name.
    let inSchema: [String]
    /// Shapes that Swift types are made for.
    let read: Set<String>
    let written: Set<String>
    let errors: [String]
    private let typeNames: [String: String]

    init(name: String, file: ModelFile, listed: [String], patch: PatchFile) throws {
        self.name = name
        self.file = file
        self.quirks = (patch.quirks ?? []).map(\.quirk.rawValue)
        var shapes = Dictionary(uniqueKeysWithValues: file.shapes.map { ($0.name, $0) })
        for correction in patch.corrections ?? [] { try Self.apply(correction, to: &shapes, of: file.service) }
        var bindings: [String: PatchFile.Binding] = [:]
        for binding in patch.bindings ?? [] {
            for shape in binding.shapes {
                guard shapes[shape] != nil else {
                    throw GeneratorError("\(file.service): a binding names \(shape), which is no shape")
                }
                bindings[shape] = binding
            }
        }
        self.bindings = bindings
        self.operations = try Self.operations(listed, of: file, &shapes)
        self.shapes = shapes
        self.errors = Set(self.operations.flatMap(\.facts.errors)).sorted()
        let inputs = Reachability(shapes: shapes, bindings: bindings, from: self.operations.map(\.input))
        let outputs = Reachability(
            shapes: shapes,
            bindings: bindings,
            from: self.operations.map(\.output) + self.errors
        )
        self.read = inputs.typed
        self.written = outputs.typed
        self.inSchema = inputs.all.union(outputs.all).sorted()
        self.typeNames = Self.typeNames(shapes.values, bindings, service: name)
        try self.refuseStreams()
    }

    private static func apply(
        _ correction: PatchFile.Correction, to shapes: inout [String: ModelFile.Shape], of service: String
    ) throws {
        guard var shape = shapes[correction.shape] else {
            throw GeneratorError("\(service): a correction names \(correction.shape), which is no shape")
        }
        shape.required?.removeAll { (correction.optional ?? []).contains($0) }
        if correction.dropConstraints == true { (shape.min, shape.max, shape.pattern) = (nil, nil, nil) }
        if let name = correction.member {
            try Self.correct(name, by: correction, of: &shape, shapes, of: service)
        } else {
            shape.min = correction.min ?? shape.min
            shape.sensitive = correction.sensitive ?? shape.sensitive
        }
        if let told = correction.told {
            guard Set(told) == Set((shape.members ?? []).compactMap(\.name)) else {
                throw GeneratorError("\(service): a correction of \(shape.name) tells other members than the model")
            }
            shape.told = told
        }
        shape.lengthFirst = correction.lengthFirst ?? shape.lengthFirst
        shape.isExact = correction.isExact ?? shape.isExact
        if let values = correction.values {
            guard Set(values) == Set(shape.enum ?? []) else {
                throw GeneratorError("\(service): a correction of \(shape.name) names other values than the model")
            }
            shape.enum = values
        }
        shapes[shape.name] = shape
    }

    /// Gives a member of a structure a least length of its own, or hides its values.
    private static func correct(
        _ name: String, by correction: PatchFile.Correction, of structure: inout ModelFile.Shape,
        _ shapes: [String: ModelFile.Shape], of service: String
    ) throws {
        guard let place = structure.members?.firstIndex(where: { $0.name == name }) else {
            throw GeneratorError("\(service): a correction names \(structure.name).\(name), which is no member")
        }
        if let isSensitive = correction.sensitive {
            structure.members?[place].sensitive = isSensitive
            guard correction.min != nil else { return }
        }
        guard let min = correction.min, let target = structure.members.flatMap({ shapes[$0[place].shape] }),
            let max = target.max, min <= max
        else { throw GeneratorError("\(service): a correction names \(structure.name).\(name), which has no length") }
        structure.members?[place].length = min...max
    }

    /// The listed operations; each has an input type of its own, because handlers are told apart by it.
    private static func operations(
        _ listed: [String], of file: ModelFile, _ shapes: inout [String: ModelFile.Shape]
    ) throws -> [Operation] {
        let byName = Dictionary(uniqueKeysWithValues: file.operations.map { ($0.name, $0) })
        let uses = Dictionary(file.operations.compactMap { $0.input.map { ($0.shape, 1) } }, uniquingKeysWith: +)
        return try listed.map { name in
            guard let facts = byName[name] else {
                throw GeneratorError("\(file.service): \(name) is listed, but no operation of the model")
            }
            var input = facts.input?.shape
            // Another operation takes the same structure, listed or not yet: a copy under the operation's name.
            if let shared = input, uses[shared] != 1 { input = Self.addCopy(of: shared, "\(name)Input", &shapes) }
            return Operation(
                facts: facts,
                input: input ?? Self.addCopy(of: nil, "\(name)Input", &shapes),
                output: facts.output?.shape ?? Self.addCopy(of: nil, "\(name)Output", &shapes)
            )
        }
    }

    private static func addCopy(
        of original: String?, _ wanted: String, _ shapes: inout [String: ModelFile.Shape]
    ) -> String {
        var name = wanted
        while shapes[name] != nil { name += "_" }
        var copy = original.flatMap { shapes[$0] } ?? ModelFile.Shape(name: name, type: "structure", members: [])
        copy.name = name
        shapes[name] = copy
        return name
    }

    /// Names in Swift, by shape; unique also where case does not count, as they become names of files.
    private static func typeNames(
        _ shapes: some Sequence<ModelFile.Shape>, _ bindings: [String: PatchFile.Binding], service: String
    ) -> [String: String] {
        var taken = Set(["\(service)Schema", "\(service)Operations", "\(service)Error"].map { $0.lowercased() })
        taken.formUnion(bindings.values.map { $0.type.lowercased() })
        var names: [String: String] = [:]
        // All shapes of the model, so that a name does not change when further operations are listed.
        for shape in shapes.sorted(by: { $0.name < $1.name }) where shape.isTyped && bindings[shape.name] == nil {
            var name = SwiftNames.type(shape.name)
            while !taken.insert(name.lowercased()).inserted { name += "Shape" }
            names[shape.name] = name
        }
        return names
    }

    /// Events of an output are generated; nothing else that is streamed is yet.
    private func refuseStreams() throws {
        for name in self.inSchema {
            let shape = self.shape(name)
            let isEventsOfOutput = shape.eventstream == true && !self.read.contains(name)
            if (shape.eventstream == true && !isEventsOfOutput) || shape.streaming == true {
                throw GeneratorError("\(self.file.service): \(name) is streamed, which is not generated yet")
            }
            for member in shape.members ?? [] where member.streaming == true {
                throw GeneratorError(
                    "\(self.file.service): \(name).\(member.name ?? "") is streamed, which is not generated yet"
                )
            }
        }
    }

    func shape(_ name: String) -> ModelFile.Shape {
        guard let shape = self.shapes[name] else { preconditionFailure("\(name) is no shape of \(self.file.service)") }
        return shape
    }

    /// The Swift type of a structure, union or enumeration.
    func typeName(_ shape: String) -> String {
        guard let name = self.typeNames[shape] else { preconditionFailure("\(shape) has no type of its own") }
        return name
    }

    func isRequired(_ member: ModelFile.Reference, of shape: ModelFile.Shape) -> Bool {
        (shape.required ?? []).contains(member.name ?? "")
    }
}

extension ModelFile.Shape {
    var isEnumeration: Bool { self.type == "string" && self.enum != nil }
    var isDocument: Bool { self.type == "structure" && self.document == true }
    var isUnion: Bool { self.type == "structure" && (self.union == true || self.isEventStream) }
    /// A union whose members are sent one after another, each as a message of its own.
    var isEventStream: Bool { self.eventstream == true }
    /// Whether a Swift type of its own stands for it.
    var isTyped: Bool { self.isEnumeration || (self.type == "structure" && !self.isDocument) }
    /// The status of an error; what the model leaves out follows from whose fault it is.
    var errorStatus: Int { self.error?.httpStatusCode ?? (self.fault == true ? 500 : 400) }
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
        guard !self.all.contains(name) || (isTyped && !self.typed.contains(name)), let shape = shapes[name] else {
            return
        }
        self.all.insert(name)
        if isTyped { self.typed.insert(name) }
        for reference in (shape.members ?? []) + [shape.member, shape.key, shape.value].compactMap({ $0 }) {
            self.visit(reference.shape, shapes, bindings, isTyped: isTyped)
        }
    }
}

/// Why nothing could be generated; a sentence.
package struct GeneratorError: Error {
    package let sentence: String

    init(_ sentence: String) {
        self.sentence = sentence
    }
}
