internal import CLibYAML

/// A node of a YAML document, with its position.
///
/// Read by LibYAML itself: Yams, its Swift wrapper, links all of Foundation, which cost an idle server 6 MB.
indirect enum YAMLNode {
    case scalar(String, YAMLPlace)
    case sequence([YAMLNode], YAMLPlace)
    case mapping([(key: YAMLNode, value: YAMLNode)], YAMLPlace)

    /// The maximum nesting of a document; an alias to a node that contains it would nest for ever.
    static let depthMax = 16
    /// The maximum number of nodes after aliases are expanded, because aliases of aliases grow exponentially.
    static let nodeCountMax = 10_000

    var place: YAMLPlace {
        switch self {
        case .scalar(_, let place), .sequence(_, let place), .mapping(_, let place): place
        }
    }

    /// The text of a scalar; nil for other nodes.
    var text: String? {
        guard case .scalar(let text, _) = self else { return nil }
        return text
    }

    fileprivate static func tooLarge(_ place: YAMLPlace) -> YAMLError {
        YAMLError(reason: "it is nested too deeply, or its aliases expand to too much", place: place)
    }

    /// Reads the only document of a text; nil if there is none, or if it is empty or `null`.
    static func document(_ text: String) throws(YAMLError) -> YAMLNode? {
        let bytes = Array(text.utf8)
        try YAMLDocument.checkDepth(bytes)
        var document = try YAMLDocument(bytes)
        return try document.root()
    }
}

/// A line and a column, both counted from 1.
struct YAMLPlace: Equatable, Sendable {
    var line: Int
    var column: Int

    fileprivate init(_ mark: yaml_mark_t) {
        self.line = mark.line + 1
        self.column = mark.column + 1
    }
}

/// Why a text is not YAML.
struct YAMLError: Error, Equatable {
    var reason: String
    var place: YAMLPlace
}

/// A document in LibYAML's memory, until it is read.
@safe private struct YAMLDocument: ~Copyable {
    private var document: yaml_document_t
    private var nodeCount = 0

    /// `bytes` must have passed `checkDepth`.
    init(_ bytes: [UInt8]) throws(YAMLError) {
        var parser = unsafe yaml_parser_t()
        var document = unsafe yaml_document_t()
        precondition(unsafe yaml_parser_initialize(&parser) == 1, "LibYAML found no memory for a parser")
        var second: YAMLPlace?
        let isRead = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
            guard unsafe yaml_parser_load(&parser, &document) == 1 else { return false }
            var next = unsafe yaml_document_t()
            guard unsafe yaml_parser_load(&parser, &next) == 1 else { return false }
            // The end of the text is a document without a root.
            if unsafe yaml_document_get_root_node(&next) != nil { second = unsafe YAMLPlace(next.start_mark) }
            unsafe yaml_document_delete(&next)
            return true
        }
        let reason = unsafe parser.problem.map { unsafe String(cString: $0) } ?? "it cannot be read"
        let place = unsafe YAMLPlace(parser.problem_mark)
        unsafe yaml_parser_delete(&parser)
        unsafe self.document = document
        guard isRead else { throw YAMLError(reason: reason, place: place) }
        if let second { throw YAMLError(reason: "a second document begins, but only one is allowed", place: second) }
    }

    deinit {
        var document = unsafe self.document
        unsafe yaml_document_delete(&document)
    }

    /// Refuses what nests too deep where it does: to load it would take LibYAML time that is quadratic in the depth,
    /// which is hours for a file of brackets. What is no YAML is left to the loader.
    static func checkDepth(_ bytes: [UInt8]) throws(YAMLError) {
        var parser = unsafe yaml_parser_t()
        precondition(unsafe yaml_parser_initialize(&parser) == 1, "LibYAML found no memory for a parser")
        let tooDeep = unsafe bytes.withUnsafeBufferPointer { buffer -> YAMLPlace? in
            unsafe yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
            var depth = 0
            while true {
                var event = unsafe yaml_event_t()
                guard unsafe yaml_parser_parse(&parser, &event) == 1 else { return nil }
                let (type, place) = unsafe (event.type, YAMLPlace(event.start_mark))
                unsafe yaml_event_delete(&event)
                switch type {
                case YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT:
                    depth += 1
                    if depth > YAMLNode.depthMax { return place }
                case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: depth -= 1
                case YAML_STREAM_END_EVENT: return nil
                default: break
                }
            }
        }
        unsafe yaml_parser_delete(&parser)
        if let tooDeep { throw YAMLNode.tooLarge(tooDeep) }
    }

    mutating func root() throws(YAMLError) -> YAMLNode? {
        guard let root = unsafe yaml_document_get_root_node(&self.document) else { return nil }
        let node = try unsafe self.node(root, depth: 0)
        // The core schema's ways to say nothing; quoted they would be texts, but no setting's file is one text.
        if let text = node.text, ["", "~", "null", "Null", "NULL"].contains(text) { return nil }
        return node
    }

    private mutating func node(
        _ pointer: UnsafeMutablePointer<yaml_node_t>, depth: Int
    ) throws(YAMLError) -> YAMLNode {
        let place = unsafe YAMLPlace(pointer.pointee.start_mark)
        self.nodeCount += 1
        guard depth < YAMLNode.depthMax, self.nodeCount <= YAMLNode.nodeCountMax else {
            throw YAMLNode.tooLarge(place)
        }
        switch unsafe pointer.pointee.type {
        case YAML_SCALAR_NODE:
            let scalar = unsafe pointer.pointee.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return unsafe .scalar(String(decoding: bytes, as: UTF8.self), place)
        case YAML_SEQUENCE_NODE:
            let items = unsafe pointer.pointee.data.sequence.items
            var nodes: [YAMLNode] = []
            for index in unsafe 0..<(items.top - items.start) {
                nodes.append(try unsafe self.node(number: items.start[index], depth: depth + 1, place))
            }
            return .sequence(nodes, place)
        case YAML_MAPPING_NODE:
            let pairs = unsafe pointer.pointee.data.mapping.pairs
            var nodes: [(key: YAMLNode, value: YAMLNode)] = []
            for index in unsafe 0..<(pairs.top - pairs.start) {
                let pair = unsafe pairs.start[index]
                let key = try self.node(number: pair.key, depth: depth + 1, place)
                nodes.append((key, try self.node(number: pair.value, depth: depth + 1, place)))
            }
            return .mapping(nodes, place)
        default:
            throw YAMLError(reason: "it has a part of no kind", place: place)
        }
    }

    private mutating func node(number: Int32, depth: Int, _ place: YAMLPlace) throws(YAMLError) -> YAMLNode {
        guard let pointer = unsafe yaml_document_get_node(&self.document, number) else {
            throw YAMLError(reason: "it refers to what is not there", place: place)
        }
        return try unsafe self.node(pointer, depth: depth)
    }
}
