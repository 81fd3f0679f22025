--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alerts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alerts (
    number integer NOT NULL,
    alert_id text NOT NULL,
    type character varying(16) NOT NULL,
    title text NOT NULL,
    message text NOT NULL,
    first_at character varying(32) NOT NULL,
    last_at character varying(32) NOT NULL,
    ended_at character varying(32),
    seen_at character varying(32),
    seen_by text NOT NULL,
    comment text NOT NULL
);


--
-- Name: alerts_number_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.alerts_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: alerts_number_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.alerts_number_seq OWNED BY public.alerts.number;


--
-- Name: approval_requests; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.approval_requests (
    appr_id character varying(64) NOT NULL,
    task_id character varying(255) NOT NULL,
    generation integer NOT NULL,
    core character varying(64) NOT NULL,
    row_rev character varying(64) NOT NULL,
    evidence text NOT NULL,
    sha256 character varying(64),
    state character varying(16) NOT NULL,
    note text NOT NULL
);


--
-- Name: attempts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.attempts (
    task_id character varying(255) NOT NULL,
    generation integer NOT NULL,
    attempt integer NOT NULL,
    core character varying(64) NOT NULL,
    started_at double precision NOT NULL,
    ended_at double precision,
    outcome character varying(32) NOT NULL,
    exit_status integer,
    log text NOT NULL,
    mark character varying(64) NOT NULL,
    pid integer,
    pid_started double precision
);


--
-- Name: audit_events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit_events (
    ts text,
    event text,
    actor text,
    task_id text,
    idem_key text
);


--
-- Name: high_water; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.high_water (
    kind character varying(16) NOT NULL,
    prefix character varying(200) NOT NULL,
    number bigint NOT NULL
);


--
-- Name: idempotency; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.idempotency (
    scope character varying(64) NOT NULL,
    key character varying(255) NOT NULL,
    payload_sha256 character varying(64) NOT NULL,
    record_id text NOT NULL,
    answer json,
    created_at character varying(32) NOT NULL
);


--
-- Name: identities; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.identities (
    id character varying(12) NOT NULL,
    name character varying(64) NOT NULL,
    name_key character varying(256) NOT NULL,
    role character varying(16) NOT NULL,
    token_sha256 character varying(64) NOT NULL,
    created_at character varying(32) NOT NULL
);


--
-- Name: identity_passwords; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.identity_passwords (
    identity_id character varying(12) NOT NULL,
    password character varying(200) NOT NULL
);


--
-- Name: journal; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.journal (
    id bigint NOT NULL,
    uid character varying(32) NOT NULL,
    ts character varying(32) NOT NULL,
    actor text NOT NULL,
    role text NOT NULL,
    event character varying(64) NOT NULL,
    kind character varying(16) NOT NULL,
    record_id text NOT NULL,
    task_id text NOT NULL,
    appr_id text NOT NULL,
    before json,
    after json,
    rev_before character varying(64),
    rev_after character varying(64),
    source character varying(16) NOT NULL,
    claimed boolean NOT NULL,
    details json NOT NULL,
    payload_sha256 character varying(64) NOT NULL
);


--
-- Name: journal_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.journal_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: journal_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.journal_id_seq OWNED BY public.journal.id;


--
-- Name: journal_turn; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.journal_turn (
    id integer NOT NULL
);


--
-- Name: journal_turn_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.journal_turn_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: journal_turn_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.journal_turn_id_seq OWNED BY public.journal_turn.id;


--
-- Name: knowledge_marks; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.knowledge_marks (
    name character varying(32) NOT NULL,
    number bigint NOT NULL
);


--
-- Name: learned_models; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.learned_models (
    id bigint NOT NULL,
    script character varying(255) NOT NULL,
    version integer NOT NULL,
    created_at character varying(32) NOT NULL,
    data_from character varying(32) NOT NULL,
    data_to character varying(32) NOT NULL,
    samples integer NOT NULL,
    epochs integer NOT NULL,
    score json NOT NULL,
    learned json NOT NULL
);


--
-- Name: learned_models_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.learned_models_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: learned_models_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.learned_models_id_seq OWNED BY public.learned_models.id;


--
-- Name: leases; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.leases (
    task_id character varying(255) NOT NULL,
    generation integer NOT NULL,
    token_hash character varying(64) NOT NULL,
    core character varying(64) NOT NULL,
    mode character varying(16) NOT NULL,
    state character varying(8) NOT NULL,
    lock text NOT NULL,
    acquired_at double precision NOT NULL,
    expires_at double precision NOT NULL,
    heartbeat_at double precision NOT NULL,
    started_at double precision,
    attempt integer NOT NULL,
    failures integer NOT NULL
);


--
-- Name: legacy_alerts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.legacy_alerts (
    id integer NOT NULL,
    level text,
    message text
);


--
-- Name: live_counter; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.live_counter (
    name character varying(16) NOT NULL,
    value bigint NOT NULL
);


--
-- Name: live_events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.live_events (
    seq bigint NOT NULL,
    name character varying(64) NOT NULL,
    payload text NOT NULL,
    ts character varying(32) NOT NULL
);


--
-- Name: live_events_seq_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.live_events_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: live_events_seq_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.live_events_seq_seq OWNED BY public.live_events.seq;


--
-- Name: live_rows; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.live_rows (
    kind character varying(32) NOT NULL,
    record_id character varying(512) NOT NULL,
    rev character varying(128) NOT NULL
);


--
-- Name: metrics; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.metrics (
    name text,
    value real
);


--
-- Name: readings; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.readings (
    host character varying(255) NOT NULL,
    at bigint NOT NULL,
    cpu double precision NOT NULL,
    memory double precision NOT NULL,
    disk double precision NOT NULL,
    response double precision
);


--
-- Name: rule_checks; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.rule_checks (
    rule_id character varying(32) NOT NULL,
    checked_at character varying(32) NOT NULL,
    problem text NOT NULL
);


--
-- Name: rule_violations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.rule_violations (
    number integer NOT NULL,
    rule_id character varying(32) NOT NULL,
    fingerprint character varying(64) NOT NULL,
    file text NOT NULL,
    line integer NOT NULL,
    message text NOT NULL,
    detected_at character varying(32) NOT NULL,
    resolved_at character varying(32)
);


--
-- Name: rule_violations_number_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.rule_violations_number_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: rule_violations_number_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.rule_violations_number_seq OWNED BY public.rule_violations.number;


--
-- Name: search_documents; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.search_documents (
    id bigint NOT NULL,
    source character varying(16) NOT NULL,
    ref character varying(255) NOT NULL,
    task_id text NOT NULL,
    ts character varying(32) NOT NULL,
    title text NOT NULL,
    body text NOT NULL
);


--
-- Name: search_documents_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.search_documents_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: search_documents_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.search_documents_id_seq OWNED BY public.search_documents.id;


--
-- Name: search_words; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.search_words (
    id bigint NOT NULL,
    words tsvector NOT NULL
);


--
-- Name: work_outcomes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.work_outcomes (
    number bigint NOT NULL,
    outcome_hash character varying(64) NOT NULL,
    task_id character varying(255) NOT NULL,
    operation_type character varying(255) NOT NULL,
    script character varying(255) NOT NULL,
    success boolean NOT NULL,
    counts boolean NOT NULL,
    execution_time_ms double precision NOT NULL,
    error_message text,
    files_modified json NOT NULL,
    ps1_parameters_used json NOT NULL,
    performance_metrics json NOT NULL,
    ts character varying(32) NOT NULL,
    source character varying(16) NOT NULL
);


--
-- Name: work_outcomes_number_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.work_outcomes_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: work_outcomes_number_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.work_outcomes_number_seq OWNED BY public.work_outcomes.number;


--
-- Name: alerts number; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alerts ALTER COLUMN number SET DEFAULT nextval('public.alerts_number_seq'::regclass);


--
-- Name: journal id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal ALTER COLUMN id SET DEFAULT nextval('public.journal_id_seq'::regclass);


--
-- Name: journal_turn id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal_turn ALTER COLUMN id SET DEFAULT nextval('public.journal_turn_id_seq'::regclass);


--
-- Name: learned_models id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.learned_models ALTER COLUMN id SET DEFAULT nextval('public.learned_models_id_seq'::regclass);


--
-- Name: live_events seq; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.live_events ALTER COLUMN seq SET DEFAULT nextval('public.live_events_seq_seq'::regclass);


--
-- Name: rule_violations number; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.rule_violations ALTER COLUMN number SET DEFAULT nextval('public.rule_violations_number_seq'::regclass);


--
-- Name: search_documents id; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.search_documents ALTER COLUMN id SET DEFAULT nextval('public.search_documents_id_seq'::regclass);


--
-- Name: work_outcomes number; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.work_outcomes ALTER COLUMN number SET DEFAULT nextval('public.work_outcomes_number_seq'::regclass);


--
-- Data for Name: alerts; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.alerts (number, alert_id, type, title, message, first_at, last_at, ended_at, seen_at, seen_by, comment) FROM stdin;
1	task_timeout_001	warning	タスクタイムアウト	図 | 表	2025-10-09T03:04:35.000000Z	2025-10-09T03:04:35.000000Z	\N	\N		
\.


--
-- Data for Name: approval_requests; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.approval_requests (appr_id, task_id, generation, core, row_rev, evidence, sha256, state, note) FROM stdin;
A004	004	1	WORK_AI_02	143f3ea63cc4eff6	ORCH/REPORTS/出荷.md	11e52f6fcbd1c24204f5e28b50c209aa49cff11c71777219a8042dc138e36678	open	
\.


--
-- Data for Name: attempts; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.attempts (task_id, generation, attempt, core, started_at, ended_at, outcome, exit_status, log, mark, pid, pid_started) FROM stdin;
003	1	1	WORK_AI_01	1759979059	\N	running	\N			\N	\N
004	1	1	WORK_AI_02	1759979062	1759979067	done	\N			\N	\N
\.


--
-- Data for Name: audit_events; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.audit_events (ts, event, actor, task_id, idem_key) FROM stdin;
2025-10-01T00:00:00Z	承認	旧	001	k-1
\.


--
-- Data for Name: high_water; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.high_water (kind, prefix, number) FROM stdin;
task	deploy-	4
milestone	M	1
task		4
approval	A	4
\.


--
-- Data for Name: idempotency; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.idempotency (scope, key, payload_sha256, record_id, answer, created_at) FROM stdin;
task_create	create-1	5bdc96e2df8ae9789064f5cace3c3054c7a000e6b697c65687db0112217d24c5	003	{"rev": "2e3d9f2d67e92928", "line": 8, "raw": "| 003 | \\u56f3\\u9762\\uff5cC:\\\\\\u56f3\\u9762\\\\\\u4e00.dwg \\u306e\\u78ba\\u8a8d | PLAN | WORK | - | - | - | - | - | - |", "read_only": false, "id": "003", "title": "\\u56f3\\u9762\\uff5cC:\\\\\\u56f3\\u9762\\\\\\u4e00.dwg \\u306e\\u78ba\\u8a8d", "status": "PLAN", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}	2025-10-09T03:04:12.000000Z
\.


--
-- Data for Name: identities; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.identities (id, name, name_key, role, token_sha256, created_at) FROM stdin;
95f10422abcd	司令 太郎	司令 太郎	CMD	1c33bd89a5e2d7a2f3e6539edcee2c5c01847687c2622af4cd877a8b743b8307	2025-10-09T03:04:08Z
545f7379ebc3	作業 花子	作業 花子	WORK	39994e0a4f0a5155d905383405f68576cfc860864b09054a56f94e484f481b93	2025-10-09T03:04:09Z
957eb5501bbc	監査 次郎	監査 次郎	AUDIT	f275186dbaea7a626740dfd29a33a6421d8e0761adf0e2f48194421b94a0b7fe	2025-10-09T03:04:10Z
02ecf636cf02	閲覧	閲覧	viewer	b14b31726c7c93cc33b09bdf129f1e367e546acfe7918992abde14b076a88330	2025-10-09T03:04:11Z
\.


--
-- Data for Name: identity_passwords; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.identity_passwords (identity_id, password) FROM stdin;
02ecf636cf02	scrypt$iJPIaCIlcbgQQv+dLVd3cQ==$AfVH1ES/CoF8FNxX+93wj07ByAHpejRUeFesVQSzqPU=
\.


--
-- Data for Name: journal; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.journal (id, uid, ts, actor, role, event, kind, record_id, task_id, appr_id, before, after, rev_before, rev_after, source, claimed, details, payload_sha256) FROM stdin;
1	00ac861d91a247fd8d9cc9def81e317a	2025-10-09T03:04:14.000000Z	司令 太郎	CMD	task_created	task	003	003		\N	{"id": "003", "title": "\\u56f3\\u9762\\uff5cC:\\\\\\u56f3\\u9762\\\\\\u4e00.dwg \\u306e\\u78ba\\u8a8d", "status": "PLAN", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}	\N	2e3d9f2d67e92928	http	f	{}	5bdc96e2df8ae9789064f5cace3c3054c7a000e6b697c65687db0112217d24c5
2	0c900137a29f44d0b43625f9c1e48d3c	2025-10-09T03:04:15.000000Z	司令 太郎	CMD	task_created	task	004	004		\N	{"id": "004", "title": "\\u51fa\\u8377\\u306e\\u5831\\u544a", "status": "PLAN", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}	\N	497c661fcb2b1ee5	http	f	{}	b1d61b8085a3baa9520e16bc4f7123c84e3b4ca290a8c29bed85c6a23dba527d
3	987600a40b174dfea98675474213572e	2025-10-09T03:04:16.000000Z	司令 太郎	CMD	task_promoted	task	003	003		{"id": "003", "title": "\\u56f3\\u9762\\uff5cC:\\\\\\u56f3\\u9762\\\\\\u4e00.dwg \\u306e\\u78ba\\u8a8d", "status": "PLAN", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}	{"id": "003", "title": "\\u56f3\\u9762\\uff5cC:\\\\\\u56f3\\u9762\\\\\\u4e00.dwg \\u306e\\u78ba\\u8a8d", "status": "READY", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}	2e3d9f2d67e92928	4369470b014808c9	http	f	{"row_before": {"line": 8, "raw": "| 003 | \\u56f3\\u9762\\uff5cC:\\\\\\u56f3\\u9762\\\\\\u4e00.dwg \\u306e\\u78ba\\u8a8d | PLAN | WORK | - | - | - | - | - | - |"}}	018e18dfa897d01d3387edb5e83ae10f42a45d0c76e7245b9d6948b938189596
4	bdef9d47bc9243499a1addecd6b40714	2025-10-09T03:04:17.000000Z	司令 太郎	CMD	task_promoted	task	004	004		{"id": "004", "title": "\\u51fa\\u8377\\u306e\\u5831\\u544a", "status": "PLAN", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}	{"id": "004", "title": "\\u51fa\\u8377\\u306e\\u5831\\u544a", "status": "READY", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}	497c661fcb2b1ee5	3f4c741fe990814b	http	f	{"row_before": {"line": 9, "raw": "| 004 | \\u51fa\\u8377\\u306e\\u5831\\u544a | PLAN | WORK | - | - | - | - | - | - |"}}	d817006326dcb06ee1152c8fe0b1cef4ddf5eb14eb10d7ccfb015812b1d55eee
5	fc00f501943c4c129a8d8b2c8d650d9c	2025-10-09T03:04:20.000000Z	WORK_AI_01	WORK	task_claimed	task	003	003		{"id": "003", "title": "\\u56f3\\u9762\\uff5cC:\\\\\\u56f3\\u9762\\\\\\u4e00.dwg \\u306e\\u78ba\\u8a8d", "status": "READY", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}	{"id": "003", "title": "\\u56f3\\u9762\\uff5cC:\\\\\\u56f3\\u9762\\\\\\u4e00.dwg \\u306e\\u78ba\\u8a8d", "status": "DOING", "owner": "WORK", "lock": "WORK_AI_01@2025-10-09T03:04:19Z", "lock_owner": "WORK_AI_01", "lock_expires_at": "2025-10-09T03:34:19Z", "due": "-", "artifact": "-", "notes": "-"}	4369470b014808c9	e3cd2d7716bed88d	dispatcher	f	{"job_id": "003", "coreId": "WORK_AI_01", "attempt": 1, "generation": 1, "lock_expires_at": "2025-10-09T03:34:19Z", "row_before": {"line": 8, "raw": "| 003 | \\u56f3\\u9762\\uff5cC:\\\\\\u56f3\\u9762\\\\\\u4e00.dwg \\u306e\\u78ba\\u8a8d | READY | WORK | - | - | - | - | - | - |"}}	
6	f3f5e6d9b32642b7b1fce673eba89d11	2025-10-09T03:04:23.000000Z	WORK_AI_02	WORK	task_claimed	task	004	004		{"id": "004", "title": "\\u51fa\\u8377\\u306e\\u5831\\u544a", "status": "READY", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "-", "notes": "-"}	{"id": "004", "title": "\\u51fa\\u8377\\u306e\\u5831\\u544a", "status": "DOING", "owner": "WORK", "lock": "WORK_AI_02@2025-10-09T03:04:22Z", "lock_owner": "WORK_AI_02", "lock_expires_at": "2025-10-09T03:34:22Z", "due": "-", "artifact": "-", "notes": "-"}	3f4c741fe990814b	3bb785b6c1ed8625	dispatcher	f	{"job_id": "004", "coreId": "WORK_AI_02", "attempt": 1, "generation": 1, "lock_expires_at": "2025-10-09T03:34:22Z", "row_before": {"line": 9, "raw": "| 004 | \\u51fa\\u8377\\u306e\\u5831\\u544a | READY | WORK | - | - | - | - | - | - |"}}	
7	b46c6a78038944c1bb052c8cb9f4bcb7	2025-10-09T03:04:26.000000Z	WORK_AI_02	-	task_reported	task	004	004		{"id": "004", "title": "\\u51fa\\u8377\\u306e\\u5831\\u544a", "status": "DOING", "owner": "WORK", "lock": "WORK_AI_02@2025-10-09T03:04:22Z", "lock_owner": "WORK_AI_02", "lock_expires_at": "2025-10-09T03:34:22Z", "due": "-", "artifact": "-", "notes": "-"}	{"id": "004", "title": "\\u51fa\\u8377\\u306e\\u5831\\u544a", "status": "REVIEW", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "-", "artifact": "ORCH/REPORTS/\\u51fa\\u8377.md", "notes": "-"}	3bb785b6c1ed8625	143f3ea63cc4eff6	dispatcher	f	{"job_id": "004", "coreId": "WORK_AI_02", "attempt": 1, "generation": 1, "lock_expires_at": "2025-10-09T03:34:22Z", "outcome": "done", "artifact": "ORCH/REPORTS/\\u51fa\\u8377.md", "message": "\\u6e08", "exit_status": null, "tail": [], "failures": 0, "alert": false, "row_before": {"line": 9, "raw": "| 004 | \\u51fa\\u8377\\u306e\\u5831\\u544a | DOING | WORK | WORK_AI_02@2025-10-09T03:04:22Z | WORK_AI_02 | 2025-10-09T03:34:22Z | - | - | - |"}}	
8	ccfc06a9edbe4d51911101da7ed861b3	2025-10-09T03:04:30.000000Z	dispatcher	CMD	approval_requested	approval	A004	004	A004	\N	{"appr_id": "A004", "task_id": "004", "op": "\\u30bf\\u30b9\\u30af\\u5b8c\\u4e86", "status": "pending", "requested_by": "WORK_AI_02", "approver": "-", "approver_role": "-", "ts_req": "2025-10-09T03:04:28Z", "ts_dec": "-", "evidence": "ORCH/REPORTS/\\u51fa\\u8377.md"}	\N	f5907955549451a9	dispatcher	f	{"appr_id": "A004", "job_id": "004", "coreId": "WORK_AI_02", "generation": 1, "evidence": "ORCH/REPORTS/\\u51fa\\u8377.md", "sha256": "11e52f6fcbd1c24204f5e28b50c209aa49cff11c71777219a8042dc138e36678", "state": "open", "note": ""}	
9	1330c3cd232c4920a8e97218cd26236e	2025-10-09T03:04:33.000000Z	司令 太郎	CMD	task_held	task	002	002		{"id": "002", "title": "\\u914d\\u5e03 | \\u691c\\u8a3c <script>alert(1)</script>", "status": "PLAN", "owner": "CMD", "lock": "WORK@2025-10-07T12:00:00Z", "lock_owner": "WORK", "lock_expires_at": "2025-10-07T12:30:00Z", "due": "None", "artifact": "-", "notes": "-"}	{"id": "002", "title": "\\u914d\\u5e03 | \\u691c\\u8a3c <script>alert(1)</script>", "status": "HOLD", "owner": "CMD", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "None", "artifact": "-", "notes": "-"}	15ec9a3ed65723dc	8141fec81ee63fe5	http	f	{"row_before": {"line": 6, "raw": "| 002 | \\u914d\\u5e03 \\\\| \\u691c\\u8a3c <script>alert(1)</script> | PLAN | CMD | WORK@2025-10-07T12:00:00Z | WORK | 2025-10-07T12:30:00Z | None | - | - |"}}	716f1a1a6e9a081365a487c0d84aeab30e310fc17c785548a0e5183f39b4efc3
10	1d2e22bdda2b400db72e0c6ad6bf204e	2025-10-09T03:04:36.000000Z	outside	-	task_updated	task	001	001		{"id": "001", "title": "UI\\u7d71\\u5408\\u30c6\\u30b9\\u30c8", "status": "REVIEW", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "2025-10-07", "artifact": "C:\\\\ORCH\\\\patches\\\\001.md", "notes": "\\u512a\\u5148"}	{"id": "001", "title": "UI\\u7d71\\u5408\\u30c6\\u30b9\\u30c8", "status": "REVIEW", "owner": "WORK", "lock": "-", "lock_owner": "-", "lock_expires_at": "-", "due": "2025-10-07", "artifact": "C:\\\\ORCH\\\\patches\\\\001.md", "notes": "\\u6700\\u512a\\u5148"}	3f9c18d7d95e3c1c	dd5cbe94e10c026a	outside	t	{"row_before": {"line": 5, "raw": "| 001 | UI\\u7d71\\u5408\\u30c6\\u30b9\\u30c8 | REVIEW | WORK | - | - | - | 2025-10-07 | C:\\\\ORCH\\\\patches\\\\001.md | \\u512a\\u5148 |"}}	
\.


--
-- Data for Name: journal_turn; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.journal_turn (id) FROM stdin;
1
\.


--
-- Data for Name: knowledge_marks; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.knowledge_marks (name, number) FROM stdin;
attempts	1759979067
journal	9
\.


--
-- Data for Name: learned_models; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.learned_models (id, script, version, created_at, data_from, data_to, samples, epochs, score, learned) FROM stdin;
\.


--
-- Data for Name: leases; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.leases (task_id, generation, token_hash, core, mode, state, lock, acquired_at, expires_at, heartbeat_at, started_at, attempt, failures) FROM stdin;
003	1	4f5459e71e89d9e9accdcc65b9e8463147953efe4f763846fb10b8e83177d13e	WORK_AI_01	pull	held	WORK_AI_01@2025-10-09T03:04:19Z	1759979059	1759980859	1759979059	1759979059	1	0
004	1	9d958401e2fbd79c4ca2efc6489573112b3663fa3a43ec856ee3d9810d6a398e	WORK_AI_02	pull	free	WORK_AI_02@2025-10-09T03:04:22Z	1759979062	1759980862	1759979062	1759979062	1	0
\.


--
-- Data for Name: legacy_alerts; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.legacy_alerts (id, level, message) FROM stdin;
1	warning	旧の警告
\.


--
-- Data for Name: live_counter; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.live_counter (name, value) FROM stdin;
seq	5
\.


--
-- Data for Name: live_events; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.live_events (seq, name, payload, ts) FROM stdin;
1	task_updated	{"task_id":"001","状態":"REVIEW"}	2025-10-09T03:04:37.000000Z
2	task_updated	{"task_id":"002","状態":"HOLD"}	2025-10-09T03:04:38.000000Z
3	task_updated	{"task_id":"deploy-004","状態":"DONE"}	2025-10-09T03:04:39.000000Z
4	task_updated	{"task_id":"003","状態":"DOING"}	2025-10-09T03:04:40.000000Z
5	task_updated	{"task_id":"004","状態":"REVIEW"}	2025-10-09T03:04:41.000000Z
\.


--
-- Data for Name: live_rows; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.live_rows (kind, record_id, rev) FROM stdin;
approval	A001	56b2c667c1bb4ffe
approval	A002	d01d24301e09967f
approval	A003	fa7c32ed72dd503c
milestone	M1	3a8bae9cf36ba3f7
baseline		1
task	001	0000000000000000
task	002	0000000000000001
task	deploy-004	0000000000000002
task	003	0000000000000003
task	004	0000000000000004
\.


--
-- Data for Name: metrics; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.metrics (name, value) FROM stdin;
cpu	1.5
\.


--
-- Data for Name: readings; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.readings (host, at, cpu, memory, disk, response) FROM stdin;
端末	1759979045	12.5	50	20	0.25
\.


--
-- Data for Name: rule_checks; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.rule_checks (rule_id, checked_at, problem) FROM stdin;
\.


--
-- Data for Name: rule_violations; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.rule_violations (number, rule_id, fingerprint, file, line, message, detected_at, resolved_at) FROM stdin;
\.


--
-- Data for Name: search_documents; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.search_documents (id, source, ref, task_id, ts, title, body) FROM stdin;
1	outcome	b7d22178cb7ad7e8296fe13019c47398808d13ef04a7ccb14765eeb9b67862a3	001	2025-10-09T03:04:34.000000Z	作業\\報告 success	
2	outcome	bf2b05b0de9de53b1e78eb8fd5a4ac95e900406562b86836865b0d68de489510	004	2025-10-09T03:04:27.000000Z	dispatch success	ORCH/REPORTS/出荷.md\nattempt: 1\ngeneration: 1\noutcome: done\nscript_name: WORK_AI_02
3	journal	1	003	2025-10-09T03:04:14.000000Z	task_created 003 (司令 太郎)	id: 003\ntitle: 図面｜C:\\図面\\一.dwg の確認\nstatus: PLAN\nowner: WORK\nlock: -\nlock_owner: -\nlock_expires_at: -\ndue: -\nartifact: -\nnotes: -
4	journal	2	004	2025-10-09T03:04:15.000000Z	task_created 004 (司令 太郎)	id: 004\ntitle: 出荷の報告\nstatus: PLAN\nowner: WORK\nlock: -\nlock_owner: -\nlock_expires_at: -\ndue: -\nartifact: -\nnotes: -
5	journal	3	003	2025-10-09T03:04:16.000000Z	task_promoted 003 (司令 太郎)	status: READY\nrow_before: {'line': 8, 'raw': '| 003 | 図面｜C:\\\\図面\\\\一.dwg の確認 | PLAN | WORK | - | - | - | - | - | - |'}
6	journal	4	004	2025-10-09T03:04:17.000000Z	task_promoted 004 (司令 太郎)	status: READY\nrow_before: {'line': 9, 'raw': '| 004 | 出荷の報告 | PLAN | WORK | - | - | - | - | - | - |'}
7	journal	5	003	2025-10-09T03:04:20.000000Z	task_claimed 003 (WORK_AI_01)	status: DOING\nlock: WORK_AI_01@2025-10-09T03:04:19Z\nlock_owner: WORK_AI_01\nlock_expires_at: 2025-10-09T03:34:19Z\njob_id: 003\ncoreId: WORK_AI_01\nattempt: 1\ngeneration: 1\nrow_before: {'line': 8, 'raw': '| 003 | 図面｜C:\\\\図面\\\\一.dwg の確認 | READY | WORK | - | - | - | - | - | - |'}
8	journal	6	004	2025-10-09T03:04:23.000000Z	task_claimed 004 (WORK_AI_02)	status: DOING\nlock: WORK_AI_02@2025-10-09T03:04:22Z\nlock_owner: WORK_AI_02\nlock_expires_at: 2025-10-09T03:34:22Z\njob_id: 004\ncoreId: WORK_AI_02\nattempt: 1\ngeneration: 1\nrow_before: {'line': 9, 'raw': '| 004 | 出荷の報告 | READY | WORK | - | - | - | - | - | - |'}
9	journal	7	004	2025-10-09T03:04:26.000000Z	task_reported 004 (WORK_AI_02)	status: REVIEW\nlock: -\nlock_owner: -\nlock_expires_at: 2025-10-09T03:34:22Z\nartifact: ORCH/REPORTS/出荷.md\njob_id: 004\ncoreId: WORK_AI_02\nattempt: 1\ngeneration: 1\noutcome: done\nmessage: 済\nrow_before: {'line': 9, 'raw': '| 004 | 出荷の報告 | DOING | WORK | WORK_AI_02@2025-10-09T03:04:22Z | WORK_AI_02 | 2025-10-09T03:34:22Z | - | - | - |'}
10	journal	8	004	2025-10-09T03:04:30.000000Z	approval_requested A004 (dispatcher)	appr_id: A004\ntask_id: 004\nop: タスク完了\nstatus: pending\nrequested_by: WORK_AI_02\napprover: -\napprover_role: -\nts_req: 2025-10-09T03:04:28Z\nts_dec: -\nevidence: ORCH/REPORTS/出荷.md\njob_id: 004\ncoreId: WORK_AI_02\ngeneration: 1\nsha256: 11e52f6fcbd1c24204f5e28b50c209aa49cff11c71777219a8042dc138e36678\nstate: open
11	journal	9	002	2025-10-09T03:04:33.000000Z	task_held 002 (司令 太郎)	status: HOLD\nlock: -\nlock_owner: -\nlock_expires_at: -\nrow_before: {'line': 6, 'raw': '| 002 | 配布 \\\\| 検証 <script>alert(1)</script> | PLAN | CMD | WORK@2025-10-07T12:00:00Z | WORK | 2025-10-07T12:30:00Z | None | - | - |'}
\.


--
-- Data for Name: search_words; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.search_words (id, words) FROM stdin;
1	'001':1 'success':6 '作業':2 '告':5 '報告':4 '業':3
2	'004':1 '02':19 '1':10,12 'ai':18 'attempt':9 'dispatch':2 'done':14 'generation':11 'md':8 'name':16 'orch':4 'outcome':13 'reports':5 'script':15 'success':3 'work':17 '出荷':6 '荷':7
3	'003':1,4,10 'artifact':33 'at':31 'c':14 'created':3 'due':32 'dwg':18 'expires':30 'id':9 'lock':26,27,29 'notes':34 'owner':24,28 'plan':23 'status':22 'task':2 'title':11 'work':25 'の確':19 '一':17 '令':6 '司令':5 '図面':12,15 '太郎':7 '確認':20 '認':21 '郎':8 '面':13,16
4	'004':1,4,10 'artifact':28 'at':26 'created':3 'due':27 'expires':25 'id':9 'lock':21,22,24 'notes':29 'owner':19,23 'plan':18 'status':17 'task':2 'title':11 'work':20 'の報':14 '令':6 '出荷':12 '司令':5 '告':16 '報告':15 '太郎':7 '荷の':13 '郎':8
5	'003':1,4,16 '8':14 'before':12 'c':19 'dwg':23 'line':13 'plan':27 'promoted':3 'raw':15 'ready':10 'row':11 'status':9 'task':2 'work':28 'の確':24 '一':22 '令':6 '司令':5 '図面':17,20 '太郎':7 '確認':25 '認':26 '郎':8 '面':18,21
6	'004':1,4,16 '9':14 'before':12 'line':13 'plan':22 'promoted':3 'raw':15 'ready':10 'row':11 'status':9 'task':2 'work':23 'の報':19 '令':6 '出荷':17 '司令':5 '告':21 '報告':20 '太郎':7 '荷の':18 '郎':8
7	'003':1,4,34,48 '01':7,13,23,38 '04':17 '09t03':16,29 '1':40,42 '10':15,28 '19z':18,31 '2025':14,27 '34':30 '8':46 'ai':6,12,22,37 'at':26 'attempt':39 'before':44 'c':51 'claimed':3 'coreid':35 'doing':9 'dwg':55 'expires':25 'generation':41 'id':33 'job':32 'line':45 'lock':10,19,24 'owner':20 'raw':47 'ready':59 'row':43 'status':8 'task':2 'work':5,11,21,36,60 'の確':56 '一':54 '図面':49,52 '確認':57 '認':58 '面':50,53
8	'004':1,4,34,48 '02':7,13,23,38 '04':17 '09t03':16,29 '1':40,42 '10':15,28 '2025':14,27 '22z':18,31 '34':30 '9':46 'ai':6,12,22,37 'at':26 'attempt':39 'before':44 'claimed':3 'coreid':35 'doing':9 'expires':25 'generation':41 'id':33 'job':32 'line':45 'lock':10,19,24 'owner':20 'raw':47 'ready':54 'row':43 'status':8 'task':2 'work':5,11,21,36,55 'の報':51 '出荷':49 '告':53 '報告':52 '荷の':50
9	'004':1,4,29,47 '02':7,33,57,65 '04':61 '09t03':18,60,68 '1':35,37 '10':17,59,67 '2025':16,58,66 '22z':20,62,70 '34':19,69 '9':45 'ai':6,32,56,64 'artifact':21 'at':15 'attempt':34 'before':43 'coreid':30 'doing':53 'done':39 'expires':14 'generation':36 'id':28 'job':27 'line':44 'lock':10,11,13 'md':26 'message':40 'orch':22 'outcome':38 'owner':12 'raw':46 'reported':3 'reports':23 'review':9 'row':42 'status':8 'task':2 'work':5,31,54,55,63 'の報':50 '出荷':24,48 '告':52 '報告':51 '済':41 '荷':25 '荷の':49
10	'004':1,11,45 '02':24,49 '04':33 '09t03':32 '1':51 '10':31 '11e52f6fcbd1c24204f5e28b50c209aa49cff11c71777219a8042dc138e36678':53 '2025':30 '28z':34 'a004':4,8 'ai':23,48 'appr':6 'approval':2 'approver':25,26 'by':21 'coreid':46 'dec':36 'dispatcher':5 'evidence':37 'generation':50 'id':7,10,44 'job':43 'md':42 'op':12 'open':55 'orch':38 'pending':19 'reports':39 'req':29 'requested':3,20 'role':27 'sha256':52 'state':54 'status':18 'task':9 'ts':28,35 'work':22,47 'ク完':15 'スク':14 'タス':13 '了':17 '出荷':40 '完了':16 '荷':41
11	'00':37 '002':1,4,22 '00z':38,44 '07t12':36,42 '1':29 '10':35,41 '2025':34,40 '30':43 '6':20 'alert':28 'at':16 'before':18 'cmd':32 'expires':15 'held':3 'hold':10 'line':19 'lock':11,12,14 'none':45 'owner':13 'plan':31 'raw':21 'row':17 'script':27,30 'status':9 'task':2 'work':33,39 '令':6 '司令':5 '太郎':7 '布':24 '検証':25 '証':26 '郎':8 '配布':23
\.


--
-- Data for Name: work_outcomes; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.work_outcomes (number, outcome_hash, task_id, operation_type, script, success, counts, execution_time_ms, error_message, files_modified, ps1_parameters_used, performance_metrics, ts, source) FROM stdin;
1	b7d22178cb7ad7e8296fe13019c47398808d13ef04a7ccb14765eeb9b67862a3	001	作業\\報告	作業\\報告	t	t	12.5	\N	[]	{}	{}	2025-10-09T03:04:34.000000Z	api
2	bf2b05b0de9de53b1e78eb8fd5a4ac95e900406562b86836865b0d68de489510	004	dispatch	WORK_AI_02	t	t	5000	\N	["ORCH/REPORTS/\\u51fa\\u8377.md"]	{"script_name": "WORK_AI_02"}	{"attempt": 1, "generation": 1, "outcome": "done", "exit_status": null}	2025-10-09T03:04:27.000000Z	dispatcher
\.


--
-- Name: alerts_number_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.alerts_number_seq', 1, true);


--
-- Name: journal_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.journal_id_seq', 10, true);


--
-- Name: journal_turn_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.journal_turn_id_seq', 1, false);


--
-- Name: learned_models_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.learned_models_id_seq', 1, false);


--
-- Name: live_events_seq_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.live_events_seq_seq', 1, false);


--
-- Name: rule_violations_number_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.rule_violations_number_seq', 1, false);


--
-- Name: search_documents_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.search_documents_id_seq', 11, true);


--
-- Name: work_outcomes_number_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.work_outcomes_number_seq', 2, true);


--
-- Name: alerts alerts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alerts
    ADD CONSTRAINT alerts_pkey PRIMARY KEY (number);


--
-- Name: approval_requests approval_requests_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.approval_requests
    ADD CONSTRAINT approval_requests_pkey PRIMARY KEY (appr_id);


--
-- Name: attempts attempts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (task_id, generation);


--
-- Name: high_water high_water_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.high_water
    ADD CONSTRAINT high_water_pkey PRIMARY KEY (kind, prefix);


--
-- Name: idempotency idempotency_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (scope, key);


--
-- Name: identities identities_name_key_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.identities
    ADD CONSTRAINT identities_name_key_key UNIQUE (name_key);


--
-- Name: identities identities_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.identities
    ADD CONSTRAINT identities_pkey PRIMARY KEY (id);


--
-- Name: identity_passwords identity_passwords_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.identity_passwords
    ADD CONSTRAINT identity_passwords_pkey PRIMARY KEY (identity_id);


--
-- Name: journal journal_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal
    ADD CONSTRAINT journal_pkey PRIMARY KEY (id);


--
-- Name: journal_turn journal_turn_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal_turn
    ADD CONSTRAINT journal_turn_pkey PRIMARY KEY (id);


--
-- Name: journal journal_uid_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.journal
    ADD CONSTRAINT journal_uid_key UNIQUE (uid);


--
-- Name: knowledge_marks knowledge_marks_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.knowledge_marks
    ADD CONSTRAINT knowledge_marks_pkey PRIMARY KEY (name);


--
-- Name: learned_models learned_models_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.learned_models
    ADD CONSTRAINT learned_models_pkey PRIMARY KEY (id);


--
-- Name: learned_models learned_models_script_version_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.learned_models
    ADD CONSTRAINT learned_models_script_version_key UNIQUE (script, version);


--
-- Name: leases leases_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (task_id);


--
-- Name: legacy_alerts legacy_alerts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.legacy_alerts
    ADD CONSTRAINT legacy_alerts_pkey PRIMARY KEY (id);


--
-- Name: live_counter live_counter_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.live_counter
    ADD CONSTRAINT live_counter_pkey PRIMARY KEY (name);


--
-- Name: live_events live_events_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.live_events
    ADD CONSTRAINT live_events_pkey PRIMARY KEY (seq);


--
-- Name: live_rows live_rows_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.live_rows
    ADD CONSTRAINT live_rows_pkey PRIMARY KEY (kind, record_id);


--
-- Name: readings readings_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.readings
    ADD CONSTRAINT readings_pkey PRIMARY KEY (host, at);


--
-- Name: rule_checks rule_checks_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.rule_checks
    ADD CONSTRAINT rule_checks_pkey PRIMARY KEY (rule_id);


--
-- Name: rule_violations rule_violations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.rule_violations
    ADD CONSTRAINT rule_violations_pkey PRIMARY KEY (number);


--
-- Name: search_documents search_documents_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.search_documents
    ADD CONSTRAINT search_documents_pkey PRIMARY KEY (id);


--
-- Name: search_documents search_documents_source_ref_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.search_documents
    ADD CONSTRAINT search_documents_source_ref_key UNIQUE (source, ref);


--
-- Name: search_words search_words_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.search_words
    ADD CONSTRAINT search_words_pkey PRIMARY KEY (id);


--
-- Name: work_outcomes work_outcomes_outcome_hash_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.work_outcomes
    ADD CONSTRAINT work_outcomes_outcome_hash_key UNIQUE (outcome_hash);


--
-- Name: work_outcomes work_outcomes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.work_outcomes
    ADD CONSTRAINT work_outcomes_pkey PRIMARY KEY (number);


--
-- Name: ix_alerts_first_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_alerts_first_at ON public.alerts USING btree (first_at);


--
-- Name: ix_approval_requests_state; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_approval_requests_state ON public.approval_requests USING btree (state);


--
-- Name: ix_approval_requests_task_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_approval_requests_task_id ON public.approval_requests USING btree (task_id);


--
-- Name: ix_idempotency_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_idempotency_created_at ON public.idempotency USING btree (created_at);


--
-- Name: ix_journal_event; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_journal_event ON public.journal USING btree (event);


--
-- Name: ix_journal_record; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_journal_record ON public.journal USING btree (kind, substr(record_id, 1, 100), id);


--
-- Name: ix_journal_rev_after; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_journal_rev_after ON public.journal USING btree (rev_after);


--
-- Name: ix_learned_models_script; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_learned_models_script ON public.learned_models USING btree (script);


--
-- Name: ix_leases_state; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_leases_state ON public.leases USING btree (state);


--
-- Name: ix_rule_violations_fingerprint; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_rule_violations_fingerprint ON public.rule_violations USING btree (fingerprint);


--
-- Name: ix_rule_violations_resolved_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_rule_violations_resolved_at ON public.rule_violations USING btree (resolved_at);


--
-- Name: ix_rule_violations_rule_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_rule_violations_rule_id ON public.rule_violations USING btree (rule_id);


--
-- Name: ix_search_documents_ts; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_search_documents_ts ON public.search_documents USING btree (ts);


--
-- Name: ix_work_outcomes_script; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_work_outcomes_script ON public.work_outcomes USING btree (script);


--
-- Name: ix_work_outcomes_source; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_work_outcomes_source ON public.work_outcomes USING btree (source);


--
-- Name: ix_work_outcomes_task_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_work_outcomes_task_id ON public.work_outcomes USING btree (task_id);


--
-- Name: ix_work_outcomes_ts; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_work_outcomes_ts ON public.work_outcomes USING btree (ts);


--
-- Name: search_words_gin; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX search_words_gin ON public.search_words USING gin (words);


--
-- PostgreSQL database dump complete
--


